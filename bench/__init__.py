"""Our rates beside other stores', measured in one run, interleaved; `python -m bench --help` says how to choose rows."""

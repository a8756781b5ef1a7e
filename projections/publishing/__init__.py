"""The document of a report and its signature."""

import logging

# Why a certificate leads nowhere is told in a verdict; the library would print it with a traceback where nobody set up a log.
for _library in ("pyhanko", "pyhanko_certvalidator"):
    logging.getLogger(_library).addHandler(logging.NullHandler())

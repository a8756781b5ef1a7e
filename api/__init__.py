"""The ways in; decides nothing itself."""

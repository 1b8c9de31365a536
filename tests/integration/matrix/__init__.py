"""The matrix of providers: every provider of the mission times what it can do and how it fails.

`table` says who supports what and which errors each one has, `world` starts one mock with all of
them behind it, `readme` writes the matrix into tests/README.md from the tests that there are.
"""

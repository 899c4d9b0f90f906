"""The process in which students' code runs. It answers calls and knows nothing else.

This folder imports nothing of tinyalex: the process is started without the package, and the package
uses the same `wire`.
"""

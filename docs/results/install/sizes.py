"""Print the size of every installed package, without its compiled .pyc files.

python3 -m venv env
env/bin/pip install --no-compile .          # or ".[lessons]", ".[test]", ...
env/bin/python docs/results/install/sizes.py
"""

from importlib.metadata import distributions

LEFT_OUT = ("pip", "setuptools")  # of every environment


def size_of(files) -> int:
    """Bytes of those files that are there."""
    paths = (file.locate() for file in files or [])
    return sum(path.stat().st_size for path in paths if path.suffix != ".pyc" and path.is_file())


sizes = {d.name: size_of(d.files) for d in distributions() if d.name not in LEFT_OUT}
for name, size in sorted(sizes.items(), key=lambda item: -item[1]):
    print(f"{size / 1e6:7.1f} MB  {name}")
print(f"{sum(sizes.values()) / 1e6:7.1f} MB  in all")

"""Two hosts on one machine: namespaces with an address and a host name each. Linux, root."""

from __future__ import annotations

import contextlib
import os
import stat
import subprocess
from pathlib import Path

from tests.group.ranks import wait_for


class Hosts:
    """Context with two hosts and a link between them.

    Attributes
    ----------
    names, addresses : list of str
        Of the hosts; a host's namespace, its end of the link and its host name are called the same.
    shell : Path
        Takes the place of ssh: ``SHELL ADDRESS COMMAND``.

    Raises
    ------
    subprocess.CalledProcessError, FileNotFoundError
        No namespaces can be made here.
    """

    def __init__(self, folder: Path) -> None:
        mark = os.getpid() % 10_000  # of other tests that run at the same time
        self.names = [f"ta{mark}a", f"ta{mark}b"]
        self.addresses = ["10.77.0.1", "10.77.0.2"]
        self.shell = folder / "on-host"
        of_address = "".join(
            f"    {address}) host={name} ;;\n"
            for address, name in zip(self.addresses, self.names, strict=True)
        )
        self.shell.write_text(
            "#!/bin/sh\n"
            '[ "$1" = -x ] && shift  # an option that mpiexec gives to ssh\n'
            f'case "$1" in\n{of_address}esac\nshift\n'
            "export UCX_TLS=tcp,self  # no shared memory between the hosts\n"
            'exec ip netns exec "$host" unshare --uts sh -c "hostname $host; exec $*"\n'
        )
        self.shell.chmod(self.shell.stat().st_mode | stat.S_IXUSR)

    def __enter__(self) -> Hosts:
        a, b = self.names
        for name in self.names:
            _ip("netns", "add", name)
        _ip("link", "add", a, "netns", a, "type", "veth", "peer", "name", b, "netns", b)
        for name, address in zip(self.names, self.addresses, strict=True):
            _ip("-n", name, "addr", "add", f"{address}/24", "dev", name)
            _ip("-n", name, "link", "set", name, "up")
            _ip("-n", name, "link", "set", "lo", "up")
        for name in self.names:  # the system tells of a new link's state once per second
            wait_for(lambda name=name: b" state UP " in _ip("-n", name, "link", "show", name))
        return self

    def __exit__(self, *error: object) -> None:
        for name in self.names:
            with contextlib.suppress(subprocess.CalledProcessError):
                _ip("netns", "del", name)

    def cut(self) -> None:
        """Cut the link."""
        _ip("-n", self.names[0], "link", "set", self.names[0], "down")

    def sent(self) -> int:
        """Bytes that the first host has sent to the second."""
        path = f"/sys/class/net/{self.names[0]}/statistics/tx_bytes"
        return int(subprocess.check_output(["ip", "netns", "exec", self.names[0], "cat", path]))


def _ip(*words: str) -> bytes:
    return subprocess.run(["ip", *words], check=True, capture_output=True).stdout

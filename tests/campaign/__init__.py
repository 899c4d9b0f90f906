"""A campaign against promises: signals, full disks, small limits, hostile files, failing workers.

    python -m tests.campaign [signals] [disk] [limits] [hostile] [workers] [--times N] [--seed N]

Runs real commands in real processes and tries to make them lose, mix or leave something. Without
parts all of them run. ``--times`` is how often each is tried (default 1, as CI does; the long run
in docs/results/fuzz has more). Ends with 1 at the end if anything broke. Linux only.
"""

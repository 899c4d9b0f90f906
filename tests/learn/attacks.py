"""Attacks on the grader: what a student finds in an evening, as beginnings of a wrong answer.

Each text runs before `WRONG`. ``SOLUTION``, ``GRADER``, ``NUMPY``, ``OTHER`` and ``RESULTS`` are
replaced by paths: a reference solution, a file of the installed grader, one of NumPy, another
student's file, and the file with the results.
"""

from __future__ import annotations

WRONG = """

def relu(x):
    return [7]


def relu_backward(dy, x):
    return [7]
"""

HEAD = "import os, sys\nimport numpy as np\n"
# The names that a scan of the text refuses, without naming them.
REFLECTION = (
    HEAD
    + "tools = vars(np.lib.stride_tricks)['__built' + 'ins__']\n"
    + "tools = tools if isinstance(tools, dict) else vars(tools)\n"
    + "run, load = tools['ex' + 'ec'], tools['__imp' + 'ort__']\n"
    + "modules = vars(sys)['mod' + 'ules']\n"
)
USE = "\nrun(text, globals())\nWRONG = False\n"

READS = {
    "open": "text = open('SOLUTION').read()",
    "a folder's descriptor": "folder = os.open(os.path.dirname('SOLUTION'), os.O_RDONLY)\n"
    "text = os.read(os.open(os.path.basename('SOLUTION'), os.O_RDONLY, dir_fd=folder), 9999)",
    "a hard link": "os.link('SOLUTION', 'mine.py')\ntext = open('mine.py').read()",
    "a symbolic link": "os.symlink('SOLUTION', 'mine.py')\ntext = open('mine.py').read()",
    "a renamed folder": "os.rename(os.path.dirname('SOLUTION'), 'mine')\n"
    "text = open('mine/06_relu.py').read()",
    "the working folder": "os.chdir(os.path.dirname('SOLUTION'))\ntext = open('06_relu.py').read()",
    "linecache": "import linecache\ntext = ''.join(linecache.getlines('SOLUTION'))",
    "memory map": "text = bytes(np.memmap('SOLUTION', np.uint8, 'r')).decode()",
    "np.fromfile": "text = np.fromfile('SOLUTION', np.uint8).tobytes().decode()",
    "C's open": "libc = load('ctypes').CDLL(None)\nfile = libc.open(b'SOLUTION', 0)\n"
    "buffer = load('ctypes').create_string_buffer(9999)\nlibc.read(file, buffer, 9999)\n"
    "text = buffer.value.decode()",
    "another program": "load('subproc' + 'ess').run(['cp', 'SOLUTION', 'mine.py'])\n"
    "text = open('mine.py').read()",
    "fork_exec": "import _posixsubprocess, fcntl\nr, w = os.pipe()\n"
    "_posixsubprocess.fork_exec([b'/bin/cat', b'SOLUTION'], [b'/bin/cat'], True, (w,), None, None,"
    " -1, w, -1, -1, -1, -1, r, w, True, False, -1, None, None, None, -1, None, True)\n"
    "text = os.read(r, 9999).decode()",
    "the package": "text = 'from tinyalex.functional import relu, relu_backward'",
    "pydoc": "import pydoc\nrelu = pydoc.locate('tinyalex.functional.relu')\n"
    "relu_backward = pydoc.locate('tinyalex.functional.relu_backward')\ntext = ''",
    "a module's file": "util = load('importlib.util').util\n"
    "spec = util.spec_from_file_location('a', 'SOLUTION')\n"
    "module = util.module_from_spec(spec)\nspec.loader.exec_module(module)\n"
    "relu, relu_backward, text = module.relu, module.relu_backward, ''",
    "another student's file": "text = open('OTHER').read()",
}

CHEATS = {
    "NumPy through another module": "import numpy.testing\n"
    "for module in list(modules.values()):\n"
    "    for name in ('isclose', 'allclose', 'array_equal', 'array_equiv'):\n"
    "        if hasattr(module, name):\n"
    "            vars(module)[name] = lambda *a, **k: np.True_\n",
    "the grader's functions": "for name, module in list(modules.items()):\n"
    "    if name.startswith(('tinyalex', 'inside')):\n"
    "        for key, value in list(vars(module).items()):\n"
    "            if callable(value) and not isinstance(value, type):\n"
    "                vars(module)[key] = lambda *a, **k: None\n",
    "an empty list of properties": "for value in load('gc').get_objects():\n"
    "    if type(value).__name__ == 'Exercise':\n"
    "        object.__setattr__(value, 'properties', ())\n",
    "frames": "frame = vars(sys)['_getf' + 'rame']()\n"
    "while frame is not None:\n"
    "    for value in list(frame.f_locals.values()):\n"
    "        if type(value).__name__ == 'Student':\n"
    "            value.call = lambda *a, **k: {'result': None, 'outcome': 'PASSED', 'what': ''}\n"
    "    frame = getattr(frame, 'f_b' + 'ack')\n",
    "a verdict on every descriptor": "import json, struct\n"
    "for text in ({'outcome': 'PASSED', 'what': ''}, {'kind': 'verdict', 'passed': True}):\n"
    "    for data in (json.dumps(text).encode() + b'\\n', None):\n"
    "        body = json.dumps(['dict', [[k, v] for k, v in text.items()]]).encode()\n"
    "        data = data or struct.pack('<IQ', len(body), 0) + body\n"
    "        for number in range(0, 64):\n"
    "            try:\n"
    "                os.write(number, data)\n"
    "            except OSError:\n"
    "                pass\n",
    "many forged results": "import json, struct\n"
    "body = json.dumps(['dict', [['result', ['array', '<f8', [1], 'C']]]]).encode()\n"
    "data = struct.pack('<IQ', len(body), 8) + body + bytes(8)\n"
    "for number in range(3, 64):\n"
    "    try:\n"
    "        os.write(number, data * 500)\n"
    "    except OSError:\n"
    "        pass\n",
    "an exit code": "vars(os)['_exit'](0)\n",
    "an object with its own pickle": "class Always:\n"
    "    def __reduce__(self):\n"
    "        return (print, ('passed',))\n"
    "    def __eq__(self, other):\n"
    "        return True\n"
    "def relu(x): return Always()\n"
    "relu_backward = lambda dy, x: Always()\nWRONG = False\n",
    "the hypothesis package": "hypothesis = load('hypothesis')\n"
    "hypothesis.given = lambda *a, **k: lambda f: lambda: None\n",
}

DAMAGES = {
    "a rewritten grader": "open('GRADER', 'w').write('')\n",
    "a rewritten NumPy": "open('NUMPY', 'a').write('raise SystemExit')\n",
    "a removed file": "os.remove('GRADER')\n",
    "a replaced file": "open('mine', 'w').close()\nos.replace('mine', 'GRADER')\n",
    "a truncated file": "os.truncate('GRADER', 0)\n",
    "no right to read": "os.chmod('GRADER', 0)\n",
    "C's functions": "libc = load('ctypes').CDLL(None)\nlibc.truncate(b'GRADER', 0)\n"
    "libc.chmod(b'GRADER', 0)\nlibc.unlink(b'RESULTS')\n",
    "another student's answer": "open('OTHER', 'w').write('')\n",
    "results now": "open('RESULTS', 'w').write('{\"score\": 100}')\n",
    "results later": "import time\nif not os.fork():\n    os.setsid()\n    if not os.fork():\n"
    "        time.sleep(1)\n        open('RESULTS', 'w').write('{\"score\": 100}')\n"
    "    os._exit(0)\n",
    "results later, from C": "libc = load('ctypes').CDLL(None)\nif libc.fork() == 0:\n"
    "    libc.setsid()\n    libc.sleep(1)\n    open('RESULTS', 'w').write('{}')\n"
    "    libc._exit(0)\n",
    "results later, from a thread": "import time\nthread = load('thre' + 'ading').Thread(\n"
    "    target=lambda: (time.sleep(1), open('RESULTS', 'w').write('{}')))\nthread.start()\n",
    "a killed grader": "os.kill(os.getppid(), 9)\n",
    "a killed grader, from C": "libc = load('ctypes').CDLL(None)\nlibc.kill(os.getppid(), 9)\n"
    "for number in range(max(2, os.getpid() - 40), os.getpid()):\n    libc.kill(number, 9)\n",
    "the grader's memory": "file = open(f'/proc/{os.getppid()}/mem', 'r+b')\nfile.seek(1 << 20)\n"
    "file.write(b'0')\n",
    "ptrace": "libc = load('ctypes').CDLL(None)\nassert libc.ptrace(16, os.getppid(), 0, 0) == 0\n"
    "open('RESULTS', 'w').close()\n",
    "the grader's limits": "import resource\n"
    "resource.prlimit(os.getppid(), resource.RLIMIT_NOFILE, (0, 0))\n",
    "a message to the network": "load('sock' + 'et').create_connection(('127.0.0.1', 9), 1)\n",
}

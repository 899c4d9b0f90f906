"""Hand-written vector instructions, where the compiler does not vectorise by itself.

A convolution's inner loop must keep its sums in registers: one multiply-add per number of a vector,
nothing stored before the end. Compilers do not achieve that with plain loops, so `Code` writes LLVM
instructions, with vectors as long as the processor's. See ``conv/direct_blocks.py``.

Numba keeps compiled kernels on disk and compiles them again when their own file changes, not when
this one does: after a change here or in a file of blocks, delete ``tinyalex/backends/__pycache__``.
"""

from __future__ import annotations

import platform
from typing import Any

from llvmlite import binding, ir
from numba.core import cgutils, config

Matrix = list[list[float]]
Value = Any  # of LLVM: a number, a vector or an address, known at run time


def _features() -> str:
    """The processor's features that Numba compiles for."""
    settings: Any = config  # from the environment: NUMBA_CPU_NAME, NUMBA_CPU_FEATURES
    if settings.CPU_FEATURES is not None:
        return str(settings.CPU_FEATURES)
    if settings.CPU_NAME not in (None, binding.get_host_cpu_name()):
        return ""
    return str(binding.get_host_cpu_features().flatten())


_FEATURES = _features().split(",")
_IS_ARM = platform.machine().lower() in ("aarch64", "arm64")
_FUSES = _IS_ARM or "+fma" in _FEATURES  # a fused multiply-add

# Numbers per vector, and vector registers.
LANES, _REGISTERS = 4, 32 if _IS_ARM else 16
if "+avx512f" in _FEATURES:
    LANES, _REGISTERS = 16, 32
elif "+avx2" in _FEATURES:
    LANES, _REGISTERS = 8, 16


def max_pixels(vectors: int) -> int:
    """At most how many pixels' sums stay in registers, with the filters and one pixel.

    The compiler loads several pixels in advance: with 16 registers, more than 8 sums of a single
    vector would spill.
    """
    return min(14 if _REGISTERS == 32 else 8, (_REGISTERS - vectors - 1) // vectors)


def max_taps(vectors: int) -> int:
    """The same for taps; each needs an address register, and there are 16."""
    return min(8, max_pixels(vectors))


_F32, _I32, _I64 = ir.FloatType(), ir.IntType(32), ir.IntType(64)
_VECTOR = ir.VectorType(_F32, LANES)
INTS, BYTES = (ir.VectorType(ir.IntType(bits), LANES) for bits in (32, 8))


def by_hand(meaning: Any, code: Any) -> Any:
    """Return the instructions, or their meaning in Python if Numba's compiler is off."""
    return meaning if getattr(config, "DISABLE_JIT", 0) else code


class Code:
    """Write LLVM instructions for one function."""

    def __init__(self, context: Any, builder: Any) -> None:
        self.context, self.b = context, builder

    def function(self, kind: Any, name: str) -> Value:
        """Declare one of LLVM's intrinsic functions."""
        return cgutils.get_or_insert_function(self.b.module, kind, name)  # type: ignore[no-untyped-call]

    def address(self, kind: Any, array: Value, at: Value = None) -> Value:
        """Return the address of an array's element ``at``."""
        data = self.context.make_array(kind)(self.context, self.b, array).data
        return data if at is None else self.b.gep(data, [at])

    def length(self, kind: Any, array: Value) -> Value:
        """Return the number of elements of a flat array."""
        return self.context.make_array(kind)(self.context, self.b, array).nitems

    def integer(self, number: int) -> Value:
        """Return a 64-bit integer constant."""
        return ir.Constant(_I64, number)

    def plus(self, address: Value, numbers: int | Value) -> Value:
        """Return the address ``numbers`` elements further."""
        if isinstance(numbers, int):
            numbers = self.integer(numbers)
        return self.b.gep(address, [numbers])

    def load(self, address: Value, kind: Any = None) -> Value:
        """Load LANES numbers, starting at an address."""
        kind = ir.VectorType(address.type.pointee, LANES) if kind is None else kind
        return self.b.load(self.b.bitcast(address, kind.as_pointer()), align=1)

    def store(self, vector: Value, address: Value) -> None:
        self.b.store(vector, self.b.bitcast(address, vector.type.as_pointer()), align=1)

    def shuffle(self, x: Value, y: Value, picks: list[int]) -> Value:
        """Pick numbers of x (0 to its length - 1) and of y (the indices after that)."""
        mask = ir.Constant(ir.VectorType(_I32, len(picks)), picks)
        return self.b.shuffle_vector(x, y, mask)

    def extract(self, vector: Value, count: int) -> Value:
        """Extract a vector's first ``count`` numbers."""
        is_whole = vector.type.count == count
        return vector if is_whole else self.shuffle(vector, vector, list(range(count)))

    def mask(self, count: Value) -> Value:
        """Return a mask that is true in the first ``count`` lanes."""
        kind = ir.VectorType(_I64, LANES)
        nothing = ir.Constant(kind, ir.Undefined)
        first = self.b.insert_element(nothing, count, ir.Constant(_I32, 0))
        counts = self.b.shuffle_vector(
            first, nothing, ir.Constant(ir.VectorType(_I32, LANES), [0] * LANES)
        )
        return self.b.icmp_signed("<", ir.Constant(kind, list(range(LANES))), counts)

    def copy_masked(self, source: Value, to: Value, mask: Value) -> None:
        """Copy the numbers of a vector whose lane is set in a mask; leave the others alone."""
        lanes, vector = mask.type, ir.VectorType(source.type.pointee, LANES)
        address = vector.as_pointer()
        bits = 32 if source.type.pointee == _F32 else 64
        name, nothing = f"v{LANES}f{bits}.p0", ir.Constant(vector, ir.Undefined)
        kind = ir.FunctionType(vector, [address, _I32, lanes, vector])
        load = self.function(kind, f"llvm.masked.load.{name}")
        kind = ir.FunctionType(ir.VoidType(), [vector, address, _I32, lanes])
        store = self.function(kind, f"llvm.masked.store.{name}")
        aligned = ir.Constant(_I32, bits // 8)
        numbers = self.b.call(load, [self.b.bitcast(source, address), aligned, mask, nothing])
        self.b.call(store, [numbers, self.b.bitcast(to, address), aligned, mask])

    def splat(self, number: float, kind: Any = _VECTOR) -> Value:
        """Return a vector with a constant in every lane."""
        return ir.Constant(kind, [number] * LANES)

    def broadcast(self, address: Value) -> Value:
        """Load one number into every lane."""
        nothing = ir.Constant(_VECTOR, ir.Undefined)
        first = self.b.insert_element(nothing, self.b.load(address), ir.Constant(_I32, 0))
        return self.shuffle(first, nothing, [0] * LANES)

    def deinterleave(self, address: Value, step: int) -> list[Value]:
        """Load ``step`` vectors (1 or 2): number i goes to vector i % ``step``."""
        first = self.load(address)
        if step == 1:
            return [first]
        second = self.load(self.plus(address, LANES))
        return [self.shuffle(first, second, list(range(i, 2 * LANES, 2))) for i in range(2)]

    def add_interleaved(self, vectors: list[Value], address: Value) -> None:
        """The adjoint of `deinterleave`: interleave vectors, and add them to what is there."""
        if len(vectors) == 1:
            blocks = vectors
        else:
            x, y = vectors
            order = [i // 2 + i % 2 * LANES for i in range(2 * LANES)]
            blocks = [self.shuffle(x, y, order[:LANES]), self.shuffle(x, y, order[LANES:])]
        for i, block in enumerate(blocks):
            at = self.plus(address, i * LANES)
            self.store(self.b.fadd(self.load(at), block), at)

    def transpose(self, rows: list[Value]) -> list[Value]:
        """Transpose up to LANES vectors: vector j gets number j of each.

        Only its first ``len(rows)`` numbers are meaningful.
        """
        nothing = ir.Constant(_VECTOR, ir.Undefined)
        size = 1 << (len(rows) - 1).bit_length()
        rows = rows + [nothing] * (size - len(rows))
        half = 1
        while half < size:  # swap the upper right and lower left of squares of 2 * half
            for i in range(size):
                if i & half == 0:
                    x, y = rows[i], rows[i + half]
                    low = [j if j & half == 0 else LANES + j - half for j in range(LANES)]
                    rows[i] = self.shuffle(x, y, low)
                    high = [j + half if j & half == 0 else LANES + j for j in range(LANES)]
                    rows[i + half] = self.shuffle(x, y, high)
            half *= 2
        # Now each vector has a row of several small transposes, side by side.
        return [
            row if first == 0 else self.shuffle(row, row, list(range(first, first + size)))
            for first in range(0, LANES, size)
            for row in rows
        ]

    def multiply_add(self, x: Value, y: Value, z: Value) -> Value:
        """x * y + z."""
        if not _FUSES:
            return self.b.fadd(self.b.fmul(x, y), z)
        kind = ir.FunctionType(_VECTOR, [_VECTOR] * 3)
        name = f"llvm.fma.v{LANES}f32"
        return self.b.call(self.function(kind, name), [x, y, z])

    def times(self, matrix: Matrix, vectors: list[Value]) -> list[Value]:
        """A small constant matrix times a column of vectors.

        Two rows share their work if they differ only in the sign of their odd (or even) entries.
        Winograd's matrices have many such pairs.
        """
        results: list[Value] = [None] * len(matrix)
        for i, row in enumerate(matrix):
            if results[i] is not None:
                continue
            even, odd = row[::2], row[1::2]
            for k in range(i + 1, len(matrix)):
                sign = matrix[k][0::2] == even and matrix[k][1::2] == [-c for c in odd]
                other = matrix[k][0::2] == [-c for c in even] and matrix[k][1::2] == odd
                if (sign or other) and any(even) and any(odd):
                    x, y = self.dot(even, vectors[::2]), self.dot(odd, vectors[1::2])
                    results[i] = self.b.fadd(x, y)
                    results[k] = self.b.fsub(x, y) if sign else self.b.fsub(y, x)
                    break
            else:
                results[i] = self.dot(row, vectors)
        return results

    def dot(self, factors: list[float], vectors: list[Value]) -> Value:
        """Return the sum of constant multiples of vectors; those with factor 1 or -1 come first."""
        terms = sorted(
            ((c, v) for c, v in zip(factors, vectors, strict=True) if c),
            key=lambda term: (abs(term[0]) != 1, term[0] < 0),
        )
        c, v = terms[0]
        total = v if c == 1 else self.b.fmul(self.splat(c), v)
        for c, v in terms[1:]:
            if c == 1:
                total = self.b.fadd(total, v)
            elif c == -1:
                total = self.b.fsub(total, v)
            else:
                total = self.multiply_add(self.splat(c), v, total)
        return total

    def add_products(
        self,
        sums: list[list[Value]],
        pixels: list[Value],
        table: Value,
        count: Value,
        vectors: Value,
    ) -> list[list[Value]]:
        """Return sums[i][v] + sum over k of pixels[i][table[k]] * vectors[k][v]; count > 0."""
        b, width = self.b, len(sums[0])
        before = b.block
        loop, after = b.append_basic_block("products"), b.append_basic_block("done")
        b.branch(loop)
        b.position_at_end(loop)
        k = b.phi(_I64)
        k.add_incoming(self.integer(0), before)
        running = [[b.phi(_VECTOR) for _ in row] for row in sums]
        row_at = self.plus(vectors, b.mul(k, self.integer(width * LANES)))
        row = [self.load(self.plus(row_at, v * LANES)) for v in range(width)]
        offset = b.load(b.gep(table, [k]))
        new = []
        for address, old in zip(pixels, running, strict=True):
            pixel = self.broadcast(b.gep(address, [offset]))
            new.append([self.multiply_add(pixel, w, s) for w, s in zip(row, old, strict=True)])
        following = b.add(k, self.integer(1))
        k.add_incoming(following, loop)
        for first, old, now in zip(sums, running, new, strict=True):
            for start, phi, value in zip(first, old, now, strict=True):
                phi.add_incoming(start, before)
                phi.add_incoming(value, loop)
        b.cbranch(b.icmp_signed("<", following, count), loop, after)
        b.position_at_end(after)
        return new

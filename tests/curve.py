"""The Ed25519 curve in plain integers, slow and obvious: for making keys and signatures no honest library makes."""

from __future__ import annotations

import hashlib

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P


def add(a, b):
    (x1, y1), (x2, y2) = a, b
    k = D * x1 * x2 * y1 * y2 % P
    return (x1 * y2 + x2 * y1) * pow(1 + k, -1, P) % P, (y1 * y2 + x1 * x2) * pow(1 - k, -1, P) % P


def multiply(n, point):
    result = (0, 1)
    while n:
        if n & 1:
            result = add(result, point)
        point = add(point, point)
        n >>= 1
    return result


def recover_x(y, sign):
    """The x of the point with this y, or None where there is none."""
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if (x * x - square) % P:
        return None
    return x if x % 2 == sign else P - x


def encode(point):
    return (point[1] | (point[0] & 1) << 255).to_bytes(32, "little")


def challenge(r, public, message):
    return int.from_bytes(hashlib.sha512(r + public + message).digest(), "little") % ORDER


BASE = (recover_x(4 * pow(5, -1, P) % P, 0), 4 * pow(5, -1, P) % P)


def _torsion():
    """A generator of the eight points of small order: L times a point that is not in the main subgroup."""
    y = 2
    while True:
        x = recover_x(y, 0)
        if x is not None:
            point = multiply(ORDER, (x, y))
            if multiply(4, point) != (0, 1):
                return point
        y += 1


TORSION = _torsion()

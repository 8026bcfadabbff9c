"""Writes packages/sampler-diverse/src/sobol-directions.ts: the direction numbers of Joe and Kuo as scipy carries them.

Run: python tools/golden/sobol_directions.py.
"""

import os
import pathlib

import numpy as np
import scipy
import scipy.stats

DIMENSIONS = 512
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
OUT = pathlib.Path(__file__).parents[2] / "packages/sampler-diverse/src/sobol-directions.ts"

HEADER = '''/*
 * Direction numbers of S. Joe and F. Y. Kuo (new-joe-kuo-6.21201, dimensions 2 to %d), which carry this notice:
 *
 * Copyright (c) 2008, Frances Y. Kuo and Stephen Joe. All rights reserved.
 *
 * Redistribution and use in source and binary forms, with or without modification, are permitted provided that the
 * following conditions are met: Redistributions of source code must retain the above copyright notice, this list of
 * conditions and the following disclaimer. Redistributions in binary form must reproduce the above copyright notice, this
 * list of conditions and the following disclaimer in the documentation and/or other materials provided with the
 * distribution. Neither the names of the copyright holders nor the names of the University of New South Wales and the
 * University of Waikato and its contributors may be used to endorse or promote products derived from this software
 * without specific prior written permission.
 *
 * THIS SOFTWARE IS PROVIDED BY THE COPYRIGHT HOLDERS ``AS IS'' AND ANY EXPRESS OR IMPLIED WARRANTIES, INCLUDING, BUT NOT
 * LIMITED TO, THE IMPLIED WARRANTIES OF MERCHANTABILITY AND FITNESS FOR A PARTICULAR PURPOSE ARE DISCLAIMED. IN NO EVENT
 * SHALL THE COPYRIGHT HOLDERS BE LIABLE FOR ANY DIRECT, INDIRECT, INCIDENTAL, SPECIAL, EXEMPLARY, OR CONSEQUENTIAL DAMAGES
 * (INCLUDING, BUT NOT LIMITED TO, PROCUREMENT OF SUBSTITUTE GOODS OR SERVICES; LOSS OF USE, DATA, OR PROFITS; OR BUSINESS
 * INTERRUPTION) HOWEVER CAUSED AND ON ANY THEORY OF LIABILITY, WHETHER IN CONTRACT, STRICT LIABILITY, OR TORT (INCLUDING
 * NEGLIGENCE OR OTHERWISE) ARISING IN ANY WAY OUT OF THE USE OF THIS SOFTWARE, EVEN IF ADVISED OF THE POSSIBILITY OF SUCH
 * DAMAGE.
 */

/**
 * For each dimension from the second on: the primitive polynomial without its last bit, then as many odd initial numbers
 * m as its degree, as (m - 1) / 2; three letters and two. Written by tools/golden/sobol_directions.py from scipy %s.
 */
export const SOBOL_DIRECTIONS: string =
%s;
'''


def letters(number, count=2):
    return "".join(ALPHABET[number >> 6 * place & 63] for place in reversed(range(count)))


def main() -> None:
    table = np.load(os.path.join(os.path.dirname(scipy.stats.__file__), "_sobol_direction_numbers.npz"))
    text = ""
    for polynomial, initial in zip(table["poly"][1:DIMENSIONS].tolist(), table["vinit"][1:DIMENSIONS].tolist()):
        degree = polynomial.bit_length() - 1
        assert all(m % 2 == 1 for m in initial[:degree])
        text += letters(polynomial >> 1, 3) + "".join(letters((m - 1) // 2) for m in initial[:degree])
    lines = [f'  "{text[start : start + 112]}"' for start in range(0, len(text), 112)]
    OUT.write_text(HEADER % (DIMENSIONS, scipy.__version__, " +\n".join(lines)))


if __name__ == "__main__":
    main()

"""Types of arrays, for every engine and what fills them.

Letters of shapes: T sessions, N instruments, P policies, S paths, L look schedules.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

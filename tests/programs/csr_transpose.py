import numpy as np


def transpose(indptr, indices, data, shape):
    """A CSR matrix's transpose, again as CSR, by counting."""
    rows, cols = shape
    nnz = indices.shape[0]
    t_indptr = np.zeros(cols + 1, dtype=indptr.dtype)
    for j in indices:
        t_indptr[j + 1] += 1
    for j in range(cols):
        t_indptr[j + 1] += t_indptr[j]
    t_indices = np.empty(nnz, dtype=indices.dtype)
    t_data = np.empty_like(data)
    fill = t_indptr[:-1].copy()
    for i in range(rows):
        for k in range(indptr[i], indptr[i + 1]):
            j = indices[k]
            slot = fill[j]
            t_indices[slot] = i
            t_data[slot] = data[k]
            fill[j] += 1
    return t_indptr, t_indices, t_data, (cols, rows)


# --- how the test-suite calls it
PROGRAM = transpose
SIZES = ((1, 2, 1), (4, 3, 7), (60, 80, 600))
BENCH = (2000, 1500, 10000)
SCAN = True


def make_inputs(size):
    rows, cols, nnz = size
    rng = np.random.default_rng(48)
    flat = np.sort(rng.choice(rows * cols, nnz, replace=False))
    indptr = np.searchsorted(flat // cols, np.arange(rows + 1)).astype(np.int32)
    return (indptr, (flat % cols).astype(np.int32), rng.random(nnz).astype(np.float32), (rows, cols)), {}


def check(result, before, after):
    from scipy.sparse import csr_array
    indptr, indices, data, shape = before
    t = csr_array((data, indices, indptr), shape=shape).T.tocsr()
    assert (t.indptr == result[0]).all() and (t.indices == result[1]).all() and (t.data == result[2]).all()
    assert result[3] == shape[::-1]

"""The indexing instructions: elements, views and writes."""

from cpython.object cimport PyObject
from libc.stdint cimport uint64_t

from tracetensor.vm.array cimport npy_intp
from tracetensor.vm.calls cimport Run
from tracetensor.vm.ufuncs cimport MOST_AXES, Ufunc

cdef enum Entry:
    INTEGER
    SLICE
    NEW_AXIS
    LEAF  # any other index: an array of integers or bools
    ELLIPSIS

cdef enum:
    MOST_ENTRIES = 10
    MOST_STAGES = 4


cdef struct Index:
    PyObject *spec  # as it was given
    int n
    bint basic  # integers, slices and new axes only, one for each axis of the array
    int kinds[MOST_ENTRIES]
    int regs[MOST_ENTRIES][3]  # a leaf; or start, stop and step, -1 where absent
    int classes[MOST_ENTRIES][3]
    int array  # register of the array
    int value  # register of the value written; -1: none
    int value_class
    int dst
    int dst_class
    int number  # type of the array's items
    int size
    bint full  # the index is the whole array
    PyObject *view  # entries of the index that make a view first, of which errors speak; NULL: none
    bint exact  # the value must broadcast to the part as the output of a ufunc
    PyObject *function  # of an accumulation: ufunc.at
    Ufunc *ufunc  # of an update
    int places  # which operands of it are the indexed part, as bits
    int n_stages
    Index *stages[MOST_STAGES]  # the views that are taken before the index applies, first to last
    bint copies  # a read: the view outlives a write to the array
    bint transposes  # a stage: a permutation of the axes
    int axes[MOST_ENTRIES]


cdef class IndexSite:
    cdef Index s
    cdef object keep
    cdef readonly tuple locations  # of the stages, and of an update's parts, in the user's source


cdef int load_element(Run *run, Index *s, uint64_t takes) except -1
cdef int make_view(Run *run, Index *s, uint64_t takes) except -1
cdef int get_item(Run *run, Index *s, uint64_t takes) except -1
cdef int store_element(Run *run, Index *s, uint64_t takes) except -1
cdef int write(Run *run, Index *s, uint64_t takes) except -1
cdef int accumulate(Run *run, Index *s, uint64_t takes) except -1
cdef int update(Run *run, Index *s, uint64_t takes) except -1

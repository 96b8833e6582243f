cdef class Surroundings:
    cdef readonly tuple rows
    cdef list dicts, names, values
    cdef list classes, members, found
    cdef list ordered, orders
    cdef list functions, codes, numbers
    cpdef bint hold(self) except -1

"""The numbers of the instructions; their table is in instructions.pyx."""


cpdef enum Opcode:
    HALT
    JUMP
    JUMP_UNLESS
    MOVE
    MOVE_VALUE
    MOVE_INT
    DROP
    LOOP_START
    LOOP_HEAD
    LOOP_TEST
    LOOP_NEXT
    STACK_START
    STACK_PUSH
    STACK_FINISH
    CALL
    # Python ints
    I_ADD
    I_SUB
    I_MUL
    I_FLOORDIV
    I_MOD
    I_TRUEDIV
    I_POW
    I_AND
    I_OR
    I_XOR
    I_LSHIFT
    I_RSHIFT
    I_NEG
    I_ABS
    I_INVERT
    I_LT
    I_LE
    I_EQ
    I_NE
    I_GT
    I_GE
    I_MAX
    I_MIN
    I_TO_F
    I_TO_B
    # floats of 64 bits, Python's and NumPy's
    F_ADD
    F_SUB
    F_MUL
    F_QUOTIENT
    F_NEG
    F_ABS
    F_SQRT
    F_LT
    F_LE
    F_EQ
    F_NE
    F_GT
    F_GE
    F_TO_B
    F_TRUEDIV
    F_FLOORDIV
    F_MOD
    F_POW
    F_TO_I
    F_FLOOR
    F_CEIL
    MATH
    MATH2
    COMPARE  # an int and a float; the number says how
    # Python's complex numbers
    C_ADD
    C_SUB
    C_MUL
    C_ABS
    C_MAKE
    C_REAL
    C_IMAG
    # NumPy's int64
    L_ADD
    L_SUB
    L_MUL
    L_NEG
    # bools
    B_NOT
    B_AND
    B_OR
    B_XOR
    B_TO_I
    B_TO_F
    # any unboxed scalars
    CAST
    ARRAY_TO_SCALAR
    SCALAR_TO_ARRAY
    UFUNC_SCALAR
    # arrays
    UFUNC
    FUSED
    UPDATE
    LOAD
    STORE
    VIEW
    GETITEM
    WRITE
    ACCUMULATE
    COPY
    DIM
    # lists
    LIST_APPEND
    LIST_POP
    LIST_GET
    LIST_SET
    LIST_LEN
    LIST_ARRAY
    # raise exception if a bool holds
    GUARD

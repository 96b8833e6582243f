import numpy as np

HALT, PUSH, ADD, SUB, MUL, DUP, SWAP, JMP, JZ, LOAD, STORE, LT = range(12)


def execute(code, memory, fuel=100000):
    """A stack machine. Code is (n, 2): opcode and operand. Returns status, cycles and what is on the stack.

    Status is 0 for a halt, 1 for running out of fuel, 2 for running off the code, 3 for an unknown opcode.
    """
    stack = np.zeros(64, dtype=np.int64)
    sp = 0
    pc = 0
    cycles = 0
    status = 1
    counts = np.zeros(12, dtype=np.int64)
    while cycles < fuel:
        if not 0 <= pc < len(code):
            status = 2
            break
        op, arg = code[pc]
        pc += 1
        cycles += 1
        if 0 <= op < 12:
            counts[op] += 1
        if op == HALT:
            status = 0
            break
        elif op == PUSH:
            stack[sp] = arg
            sp += 1
        elif op == ADD or op == SUB or op == MUL or op == LT:
            b = stack[sp - 1]
            a = stack[sp - 2]
            sp -= 1
            if op == ADD:
                r = a + b
            elif op == SUB:
                r = a - b
            elif op == MUL:
                r = a * b % 1000003
            else:
                r = 1 if a < b else 0
            stack[sp - 1] = r
        elif op == DUP:
            stack[sp] = stack[sp - 1]
            sp += 1
        elif op == SWAP:
            stack[sp - 1], stack[sp - 2] = stack[sp - 2], stack[sp - 1]
        elif op == JMP:
            pc = arg
        elif op == JZ:
            sp -= 1
            if stack[sp] == 0:
                pc = arg
        elif op == LOAD:
            stack[sp] = memory[arg]
            sp += 1
        elif op == STORE:
            sp -= 1
            memory[arg] = stack[sp]
        else:
            status = 3
            break
    return status, cycles, stack[:sp].copy(), counts


# --- how the test-suite calls it
PROGRAM = execute
SIZES = (0, 3, 40)
BENCH = 500
SCAN = True


def make_inputs(size):
    # factorial of `size` mod 1000003: memory[0] counts down, memory[1] is the product
    code = [(PUSH, size), (STORE, 0), (PUSH, 1), (STORE, 1),
            (PUSH, 0), (LOAD, 0), (LT, 0), (JZ, 17),
            (LOAD, 1), (LOAD, 0), (MUL, 0), (STORE, 1),
            (LOAD, 0), (PUSH, 1), (SUB, 0), (STORE, 0), (JMP, 4),
            (LOAD, 1), (DUP, 0), (PUSH, 7), (SWAP, 0), (HALT, 0)]
    return (np.array(code), np.zeros(4, dtype=np.int64)), {}


def check(result, before, after):
    import math
    status, cycles, stack, counts = result
    size = int(before[0][0, 1])
    f = math.factorial(size) % 1000003
    assert status == 0 and stack.tolist() == [f, 7, f] and after[1][1] == f and counts.sum() == cycles

import numpy as np

LEFT, UP, RIGHT, DOWN = range(4)


def slide_row(row):
    """Slide one row to the left, in place; the points won."""
    n = len(row)
    points = 0
    write = 0
    last = 0
    for read in range(n):
        v = row[read]
        if v == 0:
            continue
        row[read] = 0
        if v == last:
            row[write - 1] = 2 * v
            points += int(2 * v)
            last = 0
        else:
            row[write] = v
            write += 1
            last = v
    return points


def move(board, direction):
    before = board.copy()
    view = np.rot90(board, direction)
    points = 0
    for row in view:
        points += slide_row(row)
    return points, not np.array_equal(board, before)


def lost(board):
    return not ((board == 0).any() or (board[1:] == board[:-1]).any() or (board[:, 1:] == board[:, :-1]).any())


def play(board, moves, spawn):
    """Play given moves; after each that changes the board a tile appears in an empty cell chosen by spawn."""
    score = 0
    done = 0
    for direction, s in zip(moves, spawn):
        if direction == LEFT:
            won, changed = move(board, 0)
        elif direction == UP:
            won, changed = move(board, 1)
        elif direction == RIGHT:
            won, changed = move(board, 2)
        else:
            won, changed = move(board, 3)
        if changed:
            score += won
            empty = np.argwhere(board == 0)
            y, x = empty[s % len(empty)]
            board[y, x] = 4 if s % 10 == 0 else 2
            done += 1
        if lost(board):
            break
    return score, done, int(board.max())


# --- how the test-suite calls it
PROGRAM = play
SIZES = ((2, 3), (3, 10), (4, 60))
BENCH = (5, 350)
SCAN = True


def make_inputs(size):
    n, moves = size
    rng = np.random.default_rng(73)
    board = np.zeros((n, n), dtype=np.int64)
    board[0, 1] = board[1, 0] = 2
    return (board, rng.integers(0, 4, moves), rng.integers(0, 1000, moves)), {}


def check(result, before, after):
    score, done, top = result
    board, = after[:1]
    assert board.max() == top and np.all((board == 0) | (board & (board - 1) == 0))
    assert 4 + 2 * done <= board.sum() <= 4 + 4 * done

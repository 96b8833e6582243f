"""Programs on integers, sequences, graphs and tables, as loops for Numba."""

import heapq

import numpy as np
from numba import njit


@njit
def _bad_records(records, stations):
    sums, counts = np.zeros(stations), np.zeros(stations, np.int64)
    malformed = unknown = dead = 0
    late = []
    for k in range(len(records)):
        station, hour, minute, raw, checksum = records[k]
        if (station + hour + minute + raw) % 256 != checksum or not (0 <= hour < 24 and 0 <= minute < 60):
            malformed += 1
        elif raw == 0:
            dead += 1
        elif station >= stations:
            unknown += 1
        else:
            sums[station] += 100 / raw
            counts[station] += 1
            time = 60 * hour + minute
            if time > 1200:
                late.append(time)
    return sums, counts, (malformed, unknown, dead), late


def bad_records(records, stations):
    return _bad_records(records, stations)


@njit
def _dijkstra_heap(edges, weights, n, source):
    m = len(edges)
    start = np.zeros(n + 1, np.int64)
    for k in range(m):
        start[edges[k, 0] + 1] += 1
        start[edges[k, 1] + 1] += 1
    for k in range(n):
        start[k + 1] += start[k]
    fill = start[:-1].copy()
    to, cost = np.empty(2 * m, np.int64), np.empty(2 * m)
    for k in range(m):
        a, b = edges[k]
        to[fill[a]], cost[fill[a]] = b, weights[k]
        fill[a] += 1
        to[fill[b]], cost[fill[b]] = a, weights[k]
        fill[b] += 1
    dist, before = np.full(n, np.inf), np.full(n, -1)
    done = np.zeros(n, np.bool_)
    dist[source] = 0.0
    heap = [(0.0, source)]
    while len(heap) > 0:
        d, u = heapq.heappop(heap)
        if done[u]:
            continue
        done[u] = True
        for k in range(start[u], start[u + 1]):
            v = to[k]
            if d + cost[k] < dist[v]:
                dist[v] = d + cost[k]
                before[v] = u
                heapq.heappush(heap, (d + cost[k], v))
    path = []
    node = n - 1
    while before[node] >= 0:
        path.append(node)
        node = before[node]
    return dist, path[::-1]


def dijkstra_heap(edges, weights, n, source):
    return _dijkstra_heap(edges, weights, n, source)


@njit
def _dither(img, levels):
    h, w = img.shape
    buf = img.astype(np.float32)
    out = np.zeros((h, w), np.uint8)
    step = np.float32(255.0 / (levels - 1))
    low, high = np.float32(0), np.float32(255)
    for y in range(h):
        d = 1 if y % 2 == 0 else -1
        for k in range(w):
            x = k if d == 1 else w - 1 - k
            old = buf[y, x]
            new = min(max(np.float32(np.rint(old / step)) * step, low), high)
            out[y, x] = np.uint8(int(new))
            err = old - new
            if 0 <= x + d < w:
                buf[y, x + d] += err * np.float32(7 / 16)
            if y + 1 < h:
                if 0 <= x - d < w:
                    buf[y + 1, x - d] += err * np.float32(3 / 16)
                buf[y + 1, x] += err * np.float32(5 / 16)
                if 0 <= x + d < w:
                    buf[y + 1, x + d] += err * np.float32(1 / 16)
    return out


def dither(img, levels=2):
    return _dither(img, levels)


@njit
def _dtw(x, y, w):
    n, m = len(x), len(y)
    D = np.full((n + 1, m + 1), np.inf)
    D[0, 0] = 0.0
    for i in range(1, n + 1):
        for j in range(max(1, i - w), min(m, i + w) + 1):
            D[i, j] = abs(x[i - 1] - y[j - 1]) + min(D[i - 1, j], D[i, j - 1], D[i - 1, j - 1])
    path = np.empty((n + m, 2), np.int64)
    at = n + m - 1
    path[at] = n - 1, m - 1
    i, j = n, m
    while i > 1 or j > 1:
        a, b, c = D[i - 1, j - 1], D[i - 1, j], D[i, j - 1]
        if a <= b and a <= c:
            i, j = i - 1, j - 1
        elif b <= c:
            i -= 1
        else:
            j -= 1
        at -= 1
        path[at] = i - 1, j - 1
    return D[n, m], path[at:]


def dtw(x, y, window=None):
    n, m = len(x), len(y)
    return _dtw(x, y, max(window or max(n, m), abs(n - m)))


@njit
def _floyd_warshall(w):
    n = w.shape[0]
    dist = w.copy()
    nxt = np.empty((n, n), np.int64)
    for i in range(n):
        for j in range(n):
            nxt[i, j] = j if np.isfinite(w[i, j]) else -1
    for k in range(n):
        for i in range(n):
            to, first = dist[i, k], nxt[i, k]
            for j in range(n):
                via = to + dist[k, j]
                if via < dist[i, j]:
                    dist[i, j] = via
                    nxt[i, j] = first
    return dist, nxt


def floyd_warshall(w):
    return _floyd_warshall(w)


@njit
def _sift_down(keys, ids, i, n):
    while 2 * i + 1 < n:
        child = 2 * i + 1
        if child + 1 < n and keys[child + 1] > keys[child]:
            child += 1
        if keys[i] >= keys[child]:
            break
        keys[i], keys[child] = keys[child], keys[i]
        ids[i], ids[child] = ids[child], ids[i]
        i = child


@njit
def _heap_sort(values):
    keys = values.copy()
    n = len(keys)
    ids = np.arange(n)
    for i in range(n // 2 - 1, -1, -1):
        _sift_down(keys, ids, i, n)
    for end in range(n - 1, 0, -1):
        keys[0], keys[end] = keys[end], keys[0]
        ids[0], ids[end] = ids[end], ids[0]
        _sift_down(keys, ids, 0, end)
    return ids, keys


def heap_sort(values):
    return _heap_sort(values)


@njit
def _knapsack(weights, values, capacity):
    n = len(weights)
    best = np.zeros(capacity + 1, np.int64)
    take = np.zeros((n, capacity + 1), np.bool_)
    for i in range(n):
        w, v = weights[i], values[i]
        for c in range(capacity, w - 1, -1):
            candidate = best[c - w] + v
            if candidate > best[c]:
                best[c] = candidate
                take[i, c] = True
    chosen = []
    c = capacity
    for i in range(n - 1, -1, -1):
        if take[i, c]:
            chosen.append(i)
            c -= weights[i]
    return best[capacity], chosen[::-1]


def knapsack(weights, values, capacity):
    return _knapsack(weights, values, capacity)


@njit
def _ant(n, steps):
    grid, visited = np.zeros((n, n), np.bool_), np.zeros((n, n), np.bool_)
    dys, dxs = (-1, 0, 1, 0), (0, 1, 0, -1)
    y = x = n // 2
    heading = count = seen = 0
    while count < steps and seen < n * n:
        if not visited[y, x]:
            visited[y, x] = True
            seen += 1
        heading = (heading - 1) % 4 if grid[y, x] else (heading + 1) % 4
        grid[y, x] = not grid[y, x]
        y, x = (y + dys[heading]) % n, (x + dxs[heading]) % n
        count += 1
    return grid, (y, x), count, seen


def langton_ant(n, steps):
    return _ant(n, steps)


@njit
def _lcs(x, y):
    m, n = len(x), len(y)
    table = np.zeros((m + 1, n + 1), np.int64)
    for i in range(m):
        for j in range(n):
            if x[i] == y[j]:
                table[i + 1, j + 1] = table[i, j] + 1
            else:
                table[i + 1, j + 1] = max(table[i, j + 1], table[i + 1, j])
    result = np.empty(table[m, n], x.dtype)
    at = len(result)
    i, j = m, n
    while i > 0 and j > 0:
        if x[i - 1] == y[j - 1]:
            at -= 1
            result[at] = x[i - 1]
            i, j = i - 1, j - 1
        elif table[i - 1, j] >= table[i, j - 1]:
            i -= 1
        else:
            j -= 1
    return result


def lcs(x, y):
    return _lcs(x, y)


@njit
def _lfsr(taps, register, width, count):
    s = np.zeros(count, np.uint8)
    for i in range(count):
        s[i] = register & 1
        feedback = 0
        for t in taps:
            feedback ^= (register >> t) & 1
        register = register >> 1 | feedback << (width - 1)
    n = count
    c, b = np.zeros(n + 1, np.uint8), np.zeros(n + 1, np.uint8)
    c[0] = b[0] = 1
    length, m = 0, -1
    for i in range(n):
        d = s[i]
        for j in range(1, length + 1):
            d ^= c[j] & s[i - j]
        if d == 1:
            t = c.copy()
            shift = i - m
            for k in range(n + 1 - shift):
                c[shift + k] ^= b[k]
            if 2 * length <= i:
                length = i + 1 - length
                m = i
                b = t
    runs = 0
    for i in range(1, n):
        runs += s[i] != s[i - 1]
    return s, length, c[: length + 1], runs


def lfsr(taps, register, count):
    return _lfsr(taps, register, register.bit_length(), count)


@njit
def _lz77(data, window, longest):
    n = len(data)
    out = np.zeros((n, 3), np.uint8)
    count = pos = 0
    while pos < n:
        best_len = best_dist = 0
        limit = min(longest, n - pos - 1)
        for cand in range(pos - 1, max(0, pos - window) - 1, -1):
            k = 0
            while k < limit and data[cand + k] == data[pos + k]:
                k += 1
            if k > best_len:
                best_len, best_dist = k, pos - cand
                if k == limit:
                    break
        out[count, 0], out[count, 1], out[count, 2] = best_dist, best_len, data[pos + best_len]
        count += 1
        pos += best_len + 1
    tokens = out[:count]
    size = count
    for k in range(count):
        size += tokens[k, 1]
    again = np.zeros(size, np.uint8)
    pos = 0
    for k in range(count):
        dist, length = int(tokens[k, 0]), int(tokens[k, 1])
        for i in range(length):
            again[pos + i] = again[pos + i - dist]
        pos += length
        again[pos] = tokens[k, 2]
        pos += 1
    return tokens, size == n and (again == data).all(), tokens.size / max(n, 1)


def lz77(data):
    return _lz77(data, 255, 15)


@njit
def _matrix_chain(dims):
    n = len(dims) - 1
    cost, split = np.zeros((n, n)), np.zeros((n, n), np.int64)
    for length in range(2, n + 1):
        for i in range(n - length + 1):
            j = i + length - 1
            cost[i, j] = np.inf
            for k in range(i, j):
                q = cost[i, k] + cost[k + 1, j] + dims[i] * dims[k + 1] * dims[j + 1]
                if q < cost[i, j]:
                    cost[i, j] = q
                    split[i, j] = k
    return cost[0, n - 1], split


def matrix_chain(dims):
    return _matrix_chain(dims)


@njit
def _count_paths(grid, known):
    rows, columns = grid.shape
    for i in range(rows):
        for j in range(columns):
            above = known[i - 1, j] if i > 0 else 0
            left = known[i, j - 1] if j > 0 else 0
            known[i, j] = grid[i, j] if i == j == 0 else grid[i, j] * (above + left)
    return known[rows - 1, columns - 1]


@njit
def _path_counts(grid):
    size = min(grid.shape)
    known = np.empty(grid.shape, np.int64)
    counts = np.empty(size - 1, np.int64)
    counts[0] = _count_paths(grid, known)
    for k in range(1, size - 1):
        held = grid[k, k]
        grid[k, k] = 0
        counts[k] = _count_paths(grid, known)
        grid[k, k] = held
    return counts


def memo_paths(grid):
    total, *others = (int(c) for c in _path_counts(grid))
    losses = [round((total - c) / max(total, 1), 3) for c in others]
    return total, losses, sorted(losses, key=lambda v: -v)[:2]


@njit
def _quicksort(a, lo, hi):
    if lo < hi:
        mid = (lo + hi) // 2
        a[mid], a[hi] = a[hi], a[mid]
        pivot = a[hi]
        i = lo
        for j in range(lo, hi):
            if a[j] < pivot:
                a[i], a[j] = a[j], a[i]
                i += 1
        a[i], a[hi] = a[hi], a[i]
        _quicksort(a, lo, i - 1)
        _quicksort(a, i + 1, hi)


def quicksort_recursive(a):
    n = len(a)
    _quicksort(a, 0, n - 1)
    return a[n // 2] if n % 2 else (a[n // 2 - 1] + a[n // 2]) / 2


@njit
def _longest_runs(x):
    n = len(x)
    values, lengths = np.empty_like(x), np.empty(n, np.int64)
    count = 0
    for i in range(n):
        if i == 0 or x[i] != x[i - 1]:
            values[count], lengths[count] = x[i], 0
            count += 1
        lengths[count - 1] += 1
    table = np.zeros(8, np.int64)
    again = np.empty_like(x)
    pos = 0
    for k in range(count):
        v, m = values[k], lengths[k]
        table[v] = max(table[v], m)
        again[pos : pos + m] = v
        pos += m
    same = (again == x).all()
    run = 0
    for i in range(1, n):
        run = run + 1 if again[i] == again[i - 1] else 0
        x[i] = run
    x[:1] = 0
    return table, count, same


def run_length(x):
    table, runs, same = _longest_runs(x)
    return {"table": table, "runs": runs, "ok": bool(same)}


@njit
def _topological(n, heads, tails):
    waiting = np.zeros(n, np.int64)
    for t in tails:
        waiting[t] += 1
    ready = [i for i in range(n) if waiting[i] == 0]
    order, depth = np.full(n, -1), np.zeros(n, np.int64)
    count = 0
    while len(ready) > 0:
        node = ready.pop()
        order[count] = node
        count += 1
        for k in range(len(heads)):
            if heads[k] == node:
                t = tails[k]
                depth[t] = max(depth[t], depth[node] + 1)
                waiting[t] -= 1
                if waiting[t] == 0:
                    ready.append(t)
    if count < n:
        raise ValueError("the graph has a cycle")
    return order, depth


def topological_order(n, heads, tails):
    return _topological(n, heads, tails)


@njit
def _turnstile(events, coins):
    state = fed = passed = refused = 0
    trace = np.empty(len(events), np.int64)
    for k in range(len(events)):
        event = events[k]
        if state == 0 and event == 0:
            fed += 1
            if fed >= coins:
                state, fed = 1, 0
        elif state == 0 and event == 1:
            refused += 1
        elif state == 1 and event == 1:
            passed += 1
            state = 0
        elif state == 2:
            if event == 3:
                state = 0
        elif event == 2 and passed > 0:
            state = 2
        else:
            refused += 1
        trace[k] = state
    return trace, passed, refused


def turnstile(events, coins):
    return _turnstile(events, coins)


@njit
def _shape_areas(records):
    areas = np.zeros(len(records))
    largest, squares = 0.0, 0
    for k in range(len(records)):
        kind, a, b = records[k]
        if kind == 0:
            areas[k] = np.pi * a * a
        elif a == b:
            squares += 1
            areas[k] = a * a
        else:
            areas[k] = a * b
        largest = max(largest, areas[k])
    return areas, largest, squares


def shape_areas(records):
    return _shape_areas(records)


@njit
def _fold(codes, values):
    stack = np.empty(len(codes) + 1)
    top = errors = 0
    for k in range(len(codes)):
        code = codes[k]
        if code == 0:
            stack[top] = values[k]
            top += 1
        elif 1 <= code <= 3 and top >= 2:
            top -= 1
            a, b = stack[top - 1], stack[top]
            stack[top - 1] = a + b if code == 1 else (a - b if code == 2 else a * b)
        elif code == 4 and top > 0:
            stack[top - 1] = -stack[top - 1]
        else:
            errors += 1
    total = 0.0
    for k in range(top):
        total += stack[k]
    return total, top, errors


def expression_folder(codes, values):
    return _fold(codes, values)


@njit
def _carve(img, count):
    h, w = img.shape
    img = img.copy()
    total = 0
    e, back = np.empty((h, w), np.int64), np.empty((h, w), np.int64)
    for _ in range(count):
        for y in range(h):
            for x in range(w):
                here = np.int64(img[y, x])
                e[y, x] = 0
                if x > 0:
                    e[y, x] += abs(here - np.int64(img[y, x - 1]))
                if y > 0:
                    e[y, x] += abs(here - np.int64(img[y - 1, x]))
        for y in range(1, h):
            for x in range(w):
                step, best = 0, e[y - 1, x]
                if x > 0 and e[y - 1, x - 1] <= best:
                    step, best = -1, e[y - 1, x - 1]
                if x + 1 < w and e[y - 1, x + 1] < best:
                    step, best = 1, e[y - 1, x + 1]
                back[y, x] = step
                e[y, x] += best
        at = 0
        for x in range(1, w):
            if e[h - 1, x] < e[h - 1, at]:
                at = x
        total += e[h - 1, at]
        for y in range(h - 1, -1, -1):
            for x in range(at, w - 1):
                img[y, x] = img[y, x + 1]
            at += back[y, at]
        w -= 1
    return img[:, :w].copy(), total


def seam_carving(img, count):
    return _carve(img, count)


@njit
def _prim(points):
    n = len(points)
    in_tree = np.zeros(n, np.bool_)
    best, nearest = np.empty(n), np.zeros(n, np.int64)
    for i in range(n):
        best[i] = np.hypot(points[i, 0] - points[0, 0], points[i, 1] - points[0, 1])
    in_tree[0] = True
    best[0] = np.inf
    edges = np.empty((n - 1, 2), np.int64)
    total = 0.0
    for k in range(n - 1):
        j = np.argmin(best)
        total += best[j]
        edges[k, 0], edges[k, 1] = nearest[j], j
        in_tree[j] = True
        best[j] = np.inf
        for i in range(n):
            if not in_tree[i]:
                d = np.sqrt((points[i, 0] - points[j, 0]) ** 2 + (points[i, 1] - points[j, 1]) ** 2)
                if d < best[i]:
                    best[i] = d
                    nearest[i] = j
    return edges, total


def prim_mst(points):
    return _prim(points)


@njit
def _nms(boxes, scores, threshold, top):
    order = np.argsort(scores)[::-1]
    n = len(order)
    alive = np.ones(n, np.bool_)
    keep = []
    zero = np.float32(0)
    for first in range(n):
        if not alive[first]:
            continue
        best = order[first]
        keep.append(best)
        if len(keep) == top:
            break
        a = boxes[best]
        area = (a[2] - a[0]) * (a[3] - a[1])
        for k in range(first + 1, n):
            if alive[k]:
                b = boxes[order[k]]
                w = max(min(a[2], b[2]) - max(a[0], b[0]), zero)
                h = max(min(a[3], b[3]) - max(a[1], b[1]), zero)
                inter = w * h
                other = (b[2] - b[0]) * (b[3] - b[1])
                if not inter / (area + other - inter) <= np.float32(threshold):
                    alive[k] = False
    return np.array(keep)


def nms_boxes(boxes, scores, threshold=0.5, top=None):
    return _nms(boxes, scores, threshold, -1 if top is None else top)


@njit
def _walk(state, position, turns, visits, size, steps):
    for _ in range(steps):
        state = (1664525 * state + 1013904223) % 2**32
        move = 1 if state / 2**32 < 0.5 else -1
        if abs(position + move) > size:
            turns += 1
            move = -move
        position += move
        visits[position + size] += 1
    return state, position, turns


def lcg_walk(walker, steps):
    start = walker.position
    walker.generator.state, walker.position, walker.turns = _walk(
        walker.generator.state, walker.position, walker.turns, walker.visits, walker.size, steps
    )
    return walker.position - start, walker.turns

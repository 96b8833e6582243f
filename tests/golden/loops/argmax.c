

/* The greatest or least of `acc` and n items that are `stride` bytes apart; bad: whether one is NaN. */
static f64 max_f64(const char *p, i64 n, i64 stride, f64 acc, int *bad)
{
    i64 i = 0;
    int odd = 0;
    if (n >= 16 && stride == sizeof(f64)) {
        const f64_at *q = (const f64_at *)p;
        f64 m[8], wrong[8] = {0};
        for (int k = 0; k < 8; k++) m[k] = acc;
        for (; i < n - n % 8; i += 8)
            for (int k = 0; k < 8; k++) {
                const f64 z = q[i + k];
                m[k] = z > m[k] ? z : m[k];
                wrong[k] = (z != z) ? 1 : wrong[k];
            }
        for (int k = 0; k < 8; k++) { acc = m[k] > acc ? m[k] : acc; odd |= wrong[k] != 0; }
    }
    for (; i < n; i++) { const f64 z = *(f64_at *)(p + i * stride); acc = z > acc ? z : acc; odd |= (z != z); }
    *bad |= odd;
    return acc;
}


/* The position of the first extreme item, or of the first NaN, of n that are `stride` bytes apart. */
static i64 argmax_f64(const char *p, i64 n, i64 stride)
{
    f64 best = *(f64_at *)p;
    i64 found = 0;
    if (n >= 32 && stride == sizeof(f64)) {
        const f64_at *q = (const f64_at *)p;
        int bad = 0;
        best = max_f64(p, n, stride, best, &bad);
        if (!bad) {
            while (q[found] != best) found++;
            return found;
        }
        best = *q;
    }
    for (i64 i = 0; i < n; i++) {
        const f64 z = *(f64_at *)(p + i * stride);
        if (z > best || (best == best && z != z)) { best = z; found = i; }
    }
    return found;
}


int loop(struct reg *R, void *run, const struct environment *E)
{
    int where;
    i64 r12 = R[12].v.as_i64;
    i64 r13 = R[13].v.as_i64;
    i64 r14 = R[14].v.as_i64;
    i64 r15 = 0;
    char *p0 = 0;
    i64 w0 = 0, n0_0 = 0, s0_0 = 0;
    if (R[0].obj) { struct array *a = R[0].obj; p0 = a->data; n0_0 = a->dims[0]; s0_0 = a->strides[0]; }
    w0 = 0;
    /* FILE:7 */
L9:;
    /*   10  loop_test        -> 14, r13, r14 */
    if (r13 >= r14) { where = 14; goto out0; }
    NOT_NEGATIVE(r13)
    /*   11  call             r15 = library_op.<locals>.evaluate(r0, axis=None, keepdims=False) */
    do {
        if (UNLIKELY(n0_0 > 65536 || (n0_0) == 0)) break;
        char *a = p0;
        r15 = argmax_f64(a, n0_0, s0_0);
        goto done11;
    } while (0);
    if (UNLIKELY(E->step(run, 11) < 0)) { where = -1; goto out1; }
    r15 = R[15].v.as_i64;
    w0 = 0;
    done11:;
    /*   12  move_value       r12, r15 */
    r12 = r15;
    /*   13  loop_next        -> 9, r13 */
    if (UNLIKELY(++r13 % 1024 == 0) && E->turns(run, 13) < 0) { where = -1; goto out1; }
    goto L9;
    { where = 14; goto out0; }
out0:
    R[12].v.as_i64 = r12;
    goto end;
out1:
    goto end;
end:
    return where;
}



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


int loop(struct reg *R, void *run, const struct environment *E)
{
    int where;
    f64 r14 = R[14].v.as_f64;
    i64 r15 = R[15].v.as_i64;
    i64 r16 = R[16].v.as_i64;
    f64 r17 = 0;
    f64 r18 = 0;
    char *p0 = 0;
    i64 w0 = 0, n0_0 = 0, s0_0 = 0;
    if (R[0].obj) { struct array *a = R[0].obj; p0 = a->data; n0_0 = a->dims[0]; s0_0 = a->strides[0]; }
    w0 = 0;
    /* FILE:7 */
L10:;
    /*   11  loop_test        -> 16, r15, r16 */
    if (r15 >= r16) { where = 16; goto out0; }
    NOT_NEGATIVE(r15)
    /*   12  call             r17 = greatest(r0, axis=None, keepdims=False) */
    do {
        if (UNLIKELY(n0_0 > 65536)) break;
        if (UNLIKELY(n0_0 == 0)) break;
        int bad = 0;
        char *a = p0;
        f64 acc = *(f64_at *)a;
        char *b = a;
        acc = max_f64(b, n0_0, s0_0, acc, &bad);
        bad |= acc == 0;
        r17 = acc;
        if (UNLIKELY(bad)) break;
        goto done12;
    } while (0);
    if (UNLIKELY(E->step(run, 12) < 0)) { where = -1; goto out1; }
    r17 = R[17].v.as_f64;
    w0 = 0;
    done12:;
    /*   13  f_add            r18, r14, r17 */
    r18 = r14 + r17;
    /*   14  move_value       r14, r18 */
    r14 = r18;
    /*   15  loop_next        -> 10, r15 */
    if (UNLIKELY(++r15 % 1024 == 0) && E->turns(run, 15) < 0) { where = -1; goto out1; }
    goto L10;
    { where = 16; goto out0; }
out0:
    R[14].v.as_f64 = r14;
    goto end;
out1:
    goto end;
end:
    return where;
}


#define n10_0 n7_0
#define s10_0 s7_0
#define o10 o7
#define p10 p7
#define w10 w7

int loop(struct reg *R, void *run, const struct environment *E)
{
    int where;
    i64 r8 = R[8].v.as_i64;
    i64 r9 = R[9].v.as_i64;
    char *p2 = 0;
    i64 w2 = 0, n2_0 = 0, s2_0 = 0;
    char *p6 = 0;
    i64 w6 = 0, n6_0 = 0, s6_0 = 0;
    void *o7 = 0;
    char *p7 = 0;
    i64 w7 = 0, n7_0 = 0, s7_0 = 0;
    if (R[2].obj) { struct array *a = R[2].obj; p2 = a->data; n2_0 = a->dims[0]; s2_0 = a->strides[0]; }
    w2 = 0;
    if (R[6].obj) { struct array *a = R[6].obj; p6 = a->data; n6_0 = a->dims[0]; s6_0 = a->strides[0]; }
    w6 = 0;
    take(E, &o7, &R[7].obj);
    if (o7) { struct array *a = o7; p7 = a->data; n7_0 = a->dims[0]; s7_0 = a->strides[0]; }
    w7 = 0;
    drop(E, &R[10].obj);
    /* FILE:6 */
L4:;
    /*    5  loop_test        -> 9, r8, r9 */
    if (r8 >= r9) { where = 9; goto out0; }
    NOT_NEGATIVE(r8)
    /* FILE:7 */
    /*    6  write            r10 = r7[r2] <- r6  takes 1 */
    do {
        const i64 n = n7_0, m = n2_0;
        if (UNLIKELY(m > 1024)) break;
        int bad = 0;
        for (i64 i0 = 0; i0 < m; i0++) { i64 k = (i64)*(i64_at *)(p2 + i0 * s2_0); bad |= k < -n || k >= n; }
        if (UNLIKELY(bad)) break;
        if (UNLIKELY(n6_0 != m && n6_0 != 1)) break;
        if (UNLIKELY(!(w7 || (w7 = E->own(*&o7))))) break;
        char *at = p7;
        for (i64 i0 = 0; i0 < m; i0++) { i64 k = (i64)*(i64_at *)(p2 + i0 * s2_0), j = i0; (void)j; if (k < 0) k += n; *(f64_at *)(at + k * s7_0) = *(f64_at *)(p6 + (n6_0 == 1 ? 0 : j * s6_0)); }
        goto done6;
    } while (0);
    R[7].obj = o7; 
    if (UNLIKELY(E->step(run, 6) < 0)) { where = -1; goto out1; }
    o7 = R[7].obj; R[7].obj = 0;
    o10 = R[10].obj; R[10].obj = 0;
    if (o10) { struct array *a = o10; p10 = a->data; n10_0 = a->dims[0]; s10_0 = a->strides[0]; }
    w10 = 0;
    w6 = 0;
    w2 = 0;
    done6:;
    /*    7  move             r7, r10  takes 1 */
    /*    8  loop_next        -> 4, r8 */
    if (UNLIKELY(++r8 % 1024 == 0) && E->turns(run, 8) < 0) { where = -1; goto out0; }
    goto L4;
    { where = 9; goto out0; }
out0:
    R[7].obj = o7;
    goto end;
out1:
    goto end;
end:
    return where;
}


#define n9_0 n5_0
#define s9_0 s5_0
#define o9 o5
#define p9 p5
#define w9 w5

int loop(struct reg *R, void *run, const struct environment *E)
{
    int where;
    i64 r6 = R[6].v.as_i64;
    i64 r7 = R[7].v.as_i64;
    void *o5 = 0;
    char *p5 = 0;
    i64 w5 = 0, n5_0 = 0, s5_0 = 0;
    take(E, &o5, &R[5].obj);
    if (o5) { struct array *a = o5; p5 = a->data; n5_0 = a->dims[0]; s5_0 = a->strides[0]; }
    w5 = 0;
    drop(E, &R[9].obj);
    /* FILE:6 */
L5:;
    /*    6  loop_test        -> 10, r6, r7 */
    if (r6 >= r7) { where = 10; goto out0; }
    NOT_NEGATIVE(r6)
    /* FILE:7 */
    /*    7  write            r9 = r5[::r8] <- r6  takes 1 */
    do {
        i64 i7_0_0, i7_0_0n, i7_0_0s = (i64)((i64)2LL);
        if (UNLIKELY(!clip(n5_0, 0, 0, 0, 0, &i7_0_0s, &i7_0_0, &i7_0_0n))) break;
        const f64 c0 = (f64)r6;
        if (UNLIKELY(i7_0_0n > 1024)) break;
        if (UNLIKELY(!(w5 || (w5 = E->own(*&o5))))) break;
        char *at = p5 + i7_0_0 * s5_0;
        if (i7_0_0n >= 16 && (s5_0 * i7_0_0s) == 8) {
            f64_at *u = (f64_at *)(at);
            INDEPENDENT
            for (i64 i0 = 0; i0 < i7_0_0n; i0++) {
                u[i0] = c0;
            }
        } else {
            for (i64 i0 = 0; i0 < i7_0_0n; i0++) {
                *(f64_at *)(at + i0 * (s5_0 * i7_0_0s)) = c0;
            }
        }
        goto done7;
    } while (0);
    R[5].obj = o5; 
    R[6].v.as_i64 = r6;
    if (UNLIKELY(E->step(run, 7) < 0)) { where = -1; goto out1; }
    o5 = R[5].obj; R[5].obj = 0;
    o9 = R[9].obj; R[9].obj = 0;
    if (o9) { struct array *a = o9; p9 = a->data; n9_0 = a->dims[0]; s9_0 = a->strides[0]; }
    w9 = 0;
    done7:;
    /*    8  move             r5, r9  takes 1 */
    /*    9  loop_next        -> 5, r6 */
    if (UNLIKELY(++r6 % 1024 == 0) && E->turns(run, 9) < 0) { where = -1; goto out0; }
    goto L5;
    { where = 10; goto out0; }
out0:
    R[5].obj = o5;
    goto end;
out1:
    goto end;
end:
    return where;
}

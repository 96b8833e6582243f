
#define n9_0 n6_0
#define s9_0 s6_0
#define n9_1 n6_1
#define s9_1 s6_1
#define o9 o6
#define p9 p6
#define w9 w6

int loop(struct reg *R, void *run, const struct environment *E)
{
    int where;
    i64 r7 = R[7].v.as_i64;
    i64 r8 = R[8].v.as_i64;
    char *p5 = 0;
    i64 w5 = 0, n5_0 = 0, s5_0 = 0, n5_1 = 0, s5_1 = 0;
    void *o6 = 0;
    char *p6 = 0;
    i64 w6 = 0, n6_0 = 0, s6_0 = 0, n6_1 = 0, s6_1 = 0;
    if (R[5].obj) { struct array *a = R[5].obj; p5 = a->data; n5_0 = a->dims[0]; s5_0 = a->strides[0]; n5_1 = a->dims[1]; s5_1 = a->strides[1]; }
    w5 = 0;
    take(E, &o6, &R[6].obj);
    if (o6) { struct array *a = o6; p6 = a->data; n6_0 = a->dims[0]; s6_0 = a->strides[0]; n6_1 = a->dims[1]; s6_1 = a->strides[1]; }
    w6 = 0;
    drop(E, &R[9].obj);
    /* FILE:6 */
L5:;
    /*    6  loop_test        -> 10, r7, r8 */
    if (r7 >= r8) { where = 10; goto out0; }
    NOT_NEGATIVE(r7)
    /* FILE:8 */
    /*    7  write            r9 = r6[::] <- r5  takes 1 */
    do {
        if (n5_0 != n6_0 && n5_0 != 1) break;
        const i64 t0 = n5_0 == 1 ? 0 : s5_0;
        if (n5_1 != n6_1 && n5_1 != 1) break;
        const i64 t1 = n5_1 == 1 ? 0 : s5_1;
        if (UNLIKELY(n6_0 * n6_1 > 1024)) break;
        if (UNLIKELY(!(w6 || (w6 = E->own(*&o6))))) break;
        char *at = p6;
        if (n6_1 >= 16 && s6_1 == 8 && t1 == 8) {
            for (i64 i0 = 0; i0 < n6_0; i0++) {
                f64_at *u = (f64_at *)(at + i0 * s6_0);
                const f64_at *b = (f64_at *)(p5 + i0 * t0);
                INDEPENDENT
                for (i64 i1 = 0; i1 < n6_1; i1++) {
                    u[i1] = b[i1];
                }
            }
        } else {
            for (i64 i0 = 0; i0 < n6_0; i0++) {
                for (i64 i1 = 0; i1 < n6_1; i1++) {
                    *(f64_at *)(at + i0 * s6_0 + i1 * s6_1) = *(f64_at *)(p5 + i0 * t0 + i1 * t1);
                }
            }
        }
        goto done7;
    } while (0);
    R[6].obj = o6; 
    if (UNLIKELY(E->step(run, 7) < 0)) { where = -1; goto out1; }
    o6 = R[6].obj; R[6].obj = 0;
    o9 = R[9].obj; R[9].obj = 0;
    if (o9) { struct array *a = o9; p9 = a->data; n9_0 = a->dims[0]; s9_0 = a->strides[0]; n9_1 = a->dims[1]; s9_1 = a->strides[1]; }
    w9 = 0;
    w5 = 0;
    done7:;
    /*    8  move             r6, r9  takes 1 */
    /*    9  loop_next        -> 5, r7 */
    if (UNLIKELY(++r7 % 1024 == 0) && E->turns(run, 9) < 0) { where = -1; goto out0; }
    goto L5;
    { where = 10; goto out0; }
out0:
    R[6].obj = o6;
    goto end;
out1:
    goto end;
end:
    return where;
}

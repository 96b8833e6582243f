
#define n11_0 n7_0
#define s11_0 s7_0
#define o11 o7
#define p11 p7
#define w11 w7

int loop(struct reg *R, void *run, const struct environment *E)
{
    int where;
    i64 r8 = R[8].v.as_i64;
    i64 r9 = R[9].v.as_i64;
    char *p6 = 0;
    i64 w6 = 0, n6_0 = 0, s6_0 = 0;
    void *o7 = 0;
    char *p7 = 0;
    i64 w7 = 0, n7_0 = 0, s7_0 = 0;
    if (R[6].obj) { struct array *a = R[6].obj; p6 = a->data; n6_0 = a->dims[0]; s6_0 = a->strides[0]; }
    w6 = 0;
    take(E, &o7, &R[7].obj);
    if (o7) { struct array *a = o7; p7 = a->data; n7_0 = a->dims[0]; s7_0 = a->strides[0]; }
    w7 = 0;
    drop(E, &R[11].obj);
    /* FILE:6 */
L5:;
    /*    6  loop_test        -> 10, r8, r9 */
    if (r8 >= r9) { where = 10; goto out0; }
    NOT_NEGATIVE(r8)
    /* FILE:7 */
    /*    7  write            r11 = r7[r10::] <- r6  takes 1 */
    do {
        i64 i7_0_0, i7_0_0n, i7_0_0s = 1;
        if (UNLIKELY(!clip(n7_0, 1, (i64)((i64)1LL), 0, 0, &i7_0_0s, &i7_0_0, &i7_0_0n))) break;
        if (n6_0 != i7_0_0n && n6_0 != 1) break;
        const i64 t0 = n6_0 == 1 ? 0 : s6_0;
        if (UNLIKELY(i7_0_0n > 1024)) break;
        if (UNLIKELY(!(w7 || (w7 = E->own(*&o7))))) break;
        char *at = p7 + i7_0_0 * s7_0;
        if (i7_0_0n >= 16 && (s7_0 * i7_0_0s) == 8 && t0 == 8) {
            f64_at *u = (f64_at *)(at);
            const f64_at *b = (f64_at *)(p6);
            INDEPENDENT
            for (i64 i0 = 0; i0 < i7_0_0n; i0++) {
                u[i0] = b[i0];
            }
        } else {
            for (i64 i0 = 0; i0 < i7_0_0n; i0++) {
                *(f64_at *)(at + i0 * (s7_0 * i7_0_0s)) = *(f64_at *)(p6 + i0 * t0);
            }
        }
        goto done7;
    } while (0);
    R[7].obj = o7; 
    if (UNLIKELY(E->step(run, 7) < 0)) { where = -1; goto out1; }
    o7 = R[7].obj; R[7].obj = 0;
    o11 = R[11].obj; R[11].obj = 0;
    if (o11) { struct array *a = o11; p11 = a->data; n11_0 = a->dims[0]; s11_0 = a->strides[0]; }
    w11 = 0;
    w6 = 0;
    done7:;
    /*    8  move             r7, r11  takes 1 */
    /*    9  loop_next        -> 5, r8 */
    if (UNLIKELY(++r8 % 1024 == 0) && E->turns(run, 9) < 0) { where = -1; goto out0; }
    goto L5;
    { where = 10; goto out0; }
out0:
    R[7].obj = o7;
    goto end;
out1:
    goto end;
end:
    return where;
}

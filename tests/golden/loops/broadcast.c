
#define n16_0 n13_0
#define s16_0 s13_0
#define n16_1 n13_1
#define s16_1 s13_1
#define o16 o13
#define p16 p13
#define w16 w13
#define x16 x13

int loop(struct reg *R, void *run, const struct environment *E)
{
    int where;
    i64 r14 = R[14].v.as_i64;
    i64 r15 = R[15].v.as_i64;
    char *p0 = 0;
    i64 w0 = 0, n0_0 = 0, s0_0 = 0, n0_1 = 0, s0_1 = 0;
    char *p9 = 0;
    i64 w9 = 0, n9_0 = 0, s9_0 = 0, n9_1 = 0, s9_1 = 0;
    void *x13 = 0;
    void *o13 = 0;
    char *p13 = 0;
    i64 w13 = 0, n13_0 = 0, s13_0 = 0, n13_1 = 0, s13_1 = 0;
    if (R[0].obj) { struct array *a = R[0].obj; p0 = a->data; n0_0 = a->dims[0]; s0_0 = a->strides[0]; n0_1 = a->dims[1]; s0_1 = a->strides[1]; }
    w0 = 0;
    if (R[9].obj) { struct array *a = R[9].obj; p9 = a->data; n9_0 = a->dims[0]; s9_0 = a->strides[0]; n9_1 = a->dims[1]; s9_1 = a->strides[1]; }
    w9 = 0;
    take(E, &o13, &R[13].obj);
    if (o13) { struct array *a = o13; p13 = a->data; n13_0 = a->dims[0]; s13_0 = a->strides[0]; n13_1 = a->dims[1]; s13_1 = a->strides[1]; }
    w13 = 0;
    drop(E, &R[16].obj);
    /* FILE:7 */
L9:;
    /*   10  loop_test        -> 14, r14, r15 */
    if (r14 >= r15) { where = 14; goto out0; }
    NOT_NEGATIVE(r14)
    /*   11  ufunc            r16 = multiply.ddd(r0, r9) */
    do {
        i64 d0 = n0_0; i64 d1 = n0_1;
        if (n9_0 != d0) { if (d0 == 1) d0 = n9_0; else if (n9_0 != 1) break; }
        if (n9_1 != d1) { if (d1 == 1) d1 = n9_1; else if (n9_1 != 1) break; }
        if (UNLIKELY(d0 * d1 > 1024)) break;
        if (UNLIKELY((n0_0 > 1 && n0_1 > 1 && s0_0 && SIZE(s0_1) > SIZE(s0_0)))) break;
        if (UNLIKELY((n9_0 > 1 && n9_1 > 1 && s9_0 && SIZE(s9_1) > SIZE(s9_0)))) break;
        const i64 t0_0 = n0_0 == 1 ? 0 : s0_0;
        const i64 t0_1 = n0_1 == 1 ? 0 : s0_1;
        const i64 t1_0 = n9_0 == 1 ? 0 : s9_0;
        const i64 t1_1 = n9_1 == 1 ? 0 : s9_1;
        void *y0 = E->fresh(&x16, 12, 2, (i64[]){d0, d1});
        if (UNLIKELY(!y0)) break;
        f64_at *q0 = (f64_at *)((struct array *)y0)->data;
        const int whole = n0_1 == d1 && t0_0 == t0_1 * d1 && n9_1 == d1 && t1_0 == t1_1 * d1;
        const i64 e0 = whole ? 1 : d0;
        const i64 e1 = whole ? d0 * d1 : d1;
        if (e1 >= 16 && t0_1 == 8 && t1_1 == 8) {
            for (i64 i0 = 0; i0 < e0; i0++) {
                const f64_at *b0 = (f64_at *)(p0 + i0 * t0_0);
                const f64_at *b1 = (f64_at *)(p9 + i0 * t1_0);
                INDEPENDENT
                for (i64 i1 = 0; i1 < e1; i1++) {
                    const f64 a0 = b0[i1];
                    const f64 a1 = b1[i1];
                    const f64 r16 = a0 * a1;
                    q0[(i0) * e1 + i1] = r16;
                }
            }
        } else {
            for (i64 i0 = 0; i0 < d0; i0++) {
                for (i64 i1 = 0; i1 < d1; i1++) {
                    const f64 a0 = *(f64_at *)(p0 + i0 * t0_0 + i1 * t0_1);
                    const f64 a1 = *(f64_at *)(p9 + i0 * t1_0 + i1 * t1_1);
                    const f64 r16 = a0 * a1;
                    q0[(i0) * d1 + i1] = r16;
                }
            }
        }
        drop(E, &o16);
        o16 = y0; p16 = ((struct array *)y0)->data; w16 = 1;
        n16_0 = d0; n16_1 = d1;
        s16_1 = 8; s16_0 = s16_1 * n16_1;
        goto done11;
    } while (0);
    
    if (UNLIKELY(E->step(run, 11) < 0)) { where = -1; goto out1; }
    o16 = R[16].obj; R[16].obj = 0;
    if (o16) { struct array *a = o16; p16 = a->data; n16_0 = a->dims[0]; s16_0 = a->strides[0]; n16_1 = a->dims[1]; s16_1 = a->strides[1]; }
    w16 = 0;
    w0 = 0;
    w9 = 0;
    done11:;
    /*   12  move             r13, r16  takes 1 */
    /*   13  loop_next        -> 9, r14 */
    if (UNLIKELY(++r14 % 1024 == 0) && E->turns(run, 13) < 0) { where = -1; goto out0; }
    goto L9;
    { where = 14; goto out0; }
out0:
    R[13].obj = o13;
    goto end;
out1:
    goto end;
end:
    drop(E, &x13);
    return where;
}

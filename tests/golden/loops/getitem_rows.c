
#define n17_0 n14_0
#define s17_0 s14_0
#define n17_1 n14_1
#define s17_1 s14_1
#define o17 o14
#define p17 p14
#define w17 w14
#define x17 x14

int loop(struct reg *R, void *run, const struct environment *E)
{
    int where;
    i64 r15 = R[15].v.as_i64;
    i64 r16 = R[16].v.as_i64;
    char *p0 = 0;
    i64 w0 = 0, n0_0 = 0, s0_0 = 0, n0_1 = 0, s0_1 = 0;
    char *p10 = 0;
    i64 w10 = 0, n10_0 = 0, s10_0 = 0;
    void *x14 = 0;
    void *o14 = 0;
    char *p14 = 0;
    i64 w14 = 0, n14_0 = 0, s14_0 = 0, n14_1 = 0, s14_1 = 0;
    if (R[0].obj) { struct array *a = R[0].obj; p0 = a->data; n0_0 = a->dims[0]; s0_0 = a->strides[0]; n0_1 = a->dims[1]; s0_1 = a->strides[1]; }
    w0 = 0;
    if (R[10].obj) { struct array *a = R[10].obj; p10 = a->data; n10_0 = a->dims[0]; s10_0 = a->strides[0]; }
    w10 = 0;
    take(E, &o14, &R[14].obj);
    if (o14) { struct array *a = o14; p14 = a->data; n14_0 = a->dims[0]; s14_0 = a->strides[0]; n14_1 = a->dims[1]; s14_1 = a->strides[1]; }
    w14 = 0;
    drop(E, &R[17].obj);
    /* FILE:7 */
L9:;
    /*   10  loop_test        -> 14, r15, r16 */
    if (r15 >= r16) { where = 14; goto out0; }
    NOT_NEGATIVE(r15)
    /*   11  getitem          r17 = r0[r10] */
    do {
        char *at = p0;
        const i64 n = n0_0, d0 = n10_0;
        int bad = 0;
        const i64 d1 = n0_1;
        if (UNLIKELY(SIZE(s0_1) > SIZE(s0_0))) break;
        if (UNLIKELY(d0 * d1 > 1024)) break;
        for (i64 i0 = 0; i0 < d0; i0++) { i64 k = (i64)*(i64_at *)(p10 + i0 * s10_0); bad |= k < -n || k >= n; }
        if (UNLIKELY(bad)) break;
        void *y = E->fresh(&x17, 12, 2, (i64[]){d0, d1});
        if (UNLIKELY(!y)) break;
        f64_at *q = (f64_at *)((struct array *)y)->data;
        for (i64 i0 = 0; i0 < d0; i0++) {
            i64 k = (i64)*(i64_at *)(p10 + i0 * s10_0); if (k < 0) k += n;
            for (i64 i1 = 0; i1 < d1; i1++) {
                *q++ = *(f64_at *)(at + k * s0_0 + i1 * s0_1);
            }
        }
        drop(E, &o17);
        o17 = y; p17 = ((struct array *)y)->data; w17 = 1;
        n17_0 = d0; n17_1 = d1;
        s17_1 = 8; s17_0 = s17_1 * n17_1;
        goto done11;
    } while (0);
    
    if (UNLIKELY(E->step(run, 11) < 0)) { where = -1; goto out1; }
    o17 = R[17].obj; R[17].obj = 0;
    if (o17) { struct array *a = o17; p17 = a->data; n17_0 = a->dims[0]; s17_0 = a->strides[0]; n17_1 = a->dims[1]; s17_1 = a->strides[1]; }
    w17 = 0;
    w0 = 0;
    w10 = 0;
    done11:;
    /*   12  move             r14, r17  takes 1 */
    /*   13  loop_next        -> 9, r15 */
    if (UNLIKELY(++r15 % 1024 == 0) && E->turns(run, 13) < 0) { where = -1; goto out0; }
    goto L9;
    { where = 14; goto out0; }
out0:
    R[14].obj = o14;
    goto end;
out1:
    goto end;
end:
    drop(E, &x14);
    return where;
}

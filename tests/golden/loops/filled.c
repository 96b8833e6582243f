
#define n17_0 n14_0
#define s17_0 s14_0
#define n17_1 n14_1
#define s17_1 s14_1
#define o17 o14
#define p17 p14
#define w17 w14
#define x17 x14
#define n20_0 n14_0
#define s20_0 s14_0
#define n20_1 n14_1
#define s20_1 s14_1
#define o20 o14
#define p20 p14
#define w20 w14
#define x20 x14

int loop(struct reg *R, void *run, const struct environment *E)
{
    int where;
    i64 r4 = R[4].v.as_i64;
    i64 r15 = R[15].v.as_i64;
    i64 r16 = R[16].v.as_i64;
    i64 r19 = 0;
    void *x14 = 0;
    void *o14 = 0;
    char *p14 = 0;
    i64 w14 = 0, n14_0 = 0, s14_0 = 0, n14_1 = 0, s14_1 = 0;
    take(E, &o14, &R[14].obj);
    if (o14) { struct array *a = o14; p14 = a->data; n14_0 = a->dims[0]; s14_0 = a->strides[0]; n14_1 = a->dims[1]; s14_1 = a->strides[1]; }
    w14 = 0;
    drop(E, &R[17].obj);
    drop(E, &R[20].obj);
    /* FILE:8 */
L11:;
    /*   12  loop_test        -> 18, r15, r16 */
    if (r15 >= r16) { where = 18; goto out0; }
    NOT_NEGATIVE(r15)
    /* FILE:7 */
    /*   13  call             r17 = zeros(r4, r9, dtype=dtype('float64')) */
    do {
        const i64 d0 = (i64)r4;
        if (UNLIKELY(d0 < 0 || d0 > 1024)) break;
        const i64 d1 = (i64)((i64)2LL);
        if (UNLIKELY(d1 < 0 || d1 > 1024)) break;
        if (UNLIKELY(d0 * d1 > 1024)) break;
        void *y = E->fresh(&x17, 12, 2, (i64[]){d0, d1});
        if (UNLIKELY(!y)) break;
        f64_at *q = (f64_at *)((struct array *)y)->data;
        for (i64 i = 0; i < d0 * d1; i++) q[i] = 0;
        drop(E, &o17);
        o17 = y; p17 = ((struct array *)y)->data; w17 = 1;
        n17_0 = d0; n17_1 = d1;
        s17_1 = 8; s17_0 = s17_1 * n17_1;
        goto done13;
    } while (0);
    
    R[4].v.as_i64 = r4;
    if (UNLIKELY(E->step(run, 13) < 0)) { where = -1; goto out1; }
    o17 = R[17].obj; R[17].obj = 0;
    if (o17) { struct array *a = o17; p17 = a->data; n17_0 = a->dims[0]; s17_0 = a->strides[0]; n17_1 = a->dims[1]; s17_1 = a->strides[1]; }
    w17 = 0;
    done13:;
    /* FILE:8 */
    /*   14  i_add            r19, r15, r18 */
    if (UNLIKELY(!(!__builtin_add_overflow(r15, ((i64)1LL), &r19)))) { where = 14; goto out2; }
    /*   15  write            r20 = r17[r5] <- r19  takes 1 */
    do {
        i64 i15_0_0 = 0;
        if (UNLIKELY((u64)i15_0_0 >= (u64)n17_0)) break;
        const f64 c0 = (f64)r19;
        if (UNLIKELY(n17_1 > 1024)) break;
        if (UNLIKELY(!(w17 || (w17 = E->own(*&o17))))) break;
        char *at = p17 + i15_0_0 * s17_0;
        if (n17_1 >= 16 && s17_1 == 8) {
            f64_at *u = (f64_at *)(at);
            INDEPENDENT
            for (i64 i0 = 0; i0 < n17_1; i0++) {
                u[i0] = c0;
            }
        } else {
            for (i64 i0 = 0; i0 < n17_1; i0++) {
                *(f64_at *)(at + i0 * s17_1) = c0;
            }
        }
        goto done15;
    } while (0);
    R[17].obj = o17; 
    R[19].v.as_i64 = r19;
    if (UNLIKELY(E->step(run, 15) < 0)) { where = -1; goto out1; }
    o17 = R[17].obj; R[17].obj = 0;
    o20 = R[20].obj; R[20].obj = 0;
    if (o20) { struct array *a = o20; p20 = a->data; n20_0 = a->dims[0]; s20_0 = a->strides[0]; n20_1 = a->dims[1]; s20_1 = a->strides[1]; }
    w20 = 0;
    done15:;
    /*   16  move             r14, r20  takes 1 */
    /*   17  loop_next        -> 11, r15 */
    if (UNLIKELY(++r15 % 1024 == 0) && E->turns(run, 17) < 0) { where = -1; goto out0; }
    goto L11;
    { where = 18; goto out0; }
out0:
    R[14].obj = o14;
    goto end;
out1:
    goto end;
out2:
    R[15].v.as_i64 = r15;
    R[17].obj = o17;
    goto end;
end:
    drop(E, &x14);
    return where;
}

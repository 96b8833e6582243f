
#define n22_0 n16_0
#define s22_0 s16_0
#define o22 o16
#define p22 p16
#define w22 w16
#define x22 x16
#define n23_0 n17_0
#define s23_0 s17_0
#define o23 o17
#define p23 p17
#define w23 w17

int loop(struct reg *R, void *run, const struct environment *E)
{
    int where;
    i64 r18 = R[18].v.as_i64;
    i64 r19 = R[19].v.as_i64;
    i64 r20 = 0;
    f64 r21 = 0;
    void *x16 = 0;
    void *o16 = 0;
    char *p16 = 0;
    i64 w16 = 0, n16_0 = 0, s16_0 = 0;
    void *o17 = 0;
    char *p17 = 0;
    i64 w17 = 0, n17_0 = 0, s17_0 = 0;
    take(E, &o16, &R[16].obj);
    if (o16) { struct array *a = o16; p16 = a->data; n16_0 = a->dims[0]; s16_0 = a->strides[0]; }
    w16 = 0;
    take(E, &o17, &R[17].obj);
    if (o17) { struct array *a = o17; p17 = a->data; n17_0 = a->dims[0]; s17_0 = a->strides[0]; }
    w17 = 0;
    drop(E, &R[22].obj);
    drop(E, &R[23].obj);
    /* FILE:8 */
L11:;
    /*   12  loop_test        -> 20, r18, r19 */
    if (r18 >= r19) { where = 20; goto out0; }
    NOT_NEGATIVE(r18)
    /*   13  i_add            r20, r18, r12 */
    if (UNLIKELY(!(!__builtin_add_overflow(r18, ((i64)1LL), &r20)))) { where = 13; goto out1; }
    /*   14  i_to_f           r21, r20 */
    r21 = (f64)r20;
    /* FILE:7 */
    /*   15  call             r22 = _copy(r17, order='C') */
    do {
        if (UNLIKELY(n17_0 > 1024)) break;
        void *y = E->fresh(&x22, 12, 1, (i64[]){n17_0});
        if (UNLIKELY(!y)) break;
        f64_at *q = (f64_at *)((struct array *)y)->data;
        const i64 h0 = n17_0;
        if (h0 >= 16 && s17_0 == 8) {
            __builtin_memcpy(q, p17, h0 * 8); q += h0;
        } else {
            for (i64 i0 = 0; i0 < h0; i0++) {
                *q++ = *(f64_at *)(p17 + i0 * s17_0);
            }
        }
        drop(E, &o22);
        o22 = y; p22 = ((struct array *)y)->data; w22 = 1;
        n22_0 = h0;
        s22_0 = 8;
        goto done15;
    } while (0);
    R[17].obj = o17; 
    if (UNLIKELY(E->step(run, 15) < 0)) { where = -1; goto out2; }
    o17 = R[17].obj; R[17].obj = 0;
    o22 = R[22].obj; R[22].obj = 0;
    if (o22) { struct array *a = o22; p22 = a->data; n22_0 = a->dims[0]; s22_0 = a->strides[0]; }
    w22 = 0;
    w17 = 0;
    done15:;
    /* FILE:8 */
    /*   16  store            r23 = r17[r12] <- r21  takes 1 */
    do {
        if (UNLIKELY(!(w17 || (w17 = E->own(*&o17))))) {
            R[17].obj = o17; 
            R[21].v.as_f64 = r21;
            if (UNLIKELY(E->step(run, 16) < 0)) { where = -1; goto out3; }
            o17 = R[17].obj; R[17].obj = 0;
            o23 = R[23].obj; R[23].obj = 0;
            if (o23) { struct array *a = o23; p23 = a->data; n23_0 = n17_0; s23_0 = a->strides[0]; }
            w23 = 0;
            goto done16;
        }
        i64 i16_0_0 = 1;
        if (UNLIKELY((u64)i16_0_0 >= (u64)n17_0)) break;
        *(f64_at *)(p17 + i16_0_0 * s17_0) = r21;
        goto done16;
    } while (0);
    { where = 16; goto out4; }
    done16:;
    /*   17  move             r16, r22  takes 1 */
    /*   18  move             r17, r23  takes 1 */
    /*   19  loop_next        -> 11, r18 */
    if (UNLIKELY(++r18 % 1024 == 0) && E->turns(run, 19) < 0) { where = -1; goto out0; }
    goto L11;
    { where = 20; goto out0; }
out0:
    R[16].obj = o16;
    R[17].obj = o17;
    goto end;
out1:
    R[18].v.as_i64 = r18;
    R[17].obj = o17;
    goto end;
out2:
    goto end;
out3:
    R[22].obj = o22;
    goto end;
out4:
    R[18].v.as_i64 = r18;
    R[21].v.as_f64 = r21;
    R[17].obj = o17;
    R[22].obj = o22;
    goto end;
end:
    drop(E, &x16);
    return where;
}

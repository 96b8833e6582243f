
#define n17_0 n13_0
#define s17_0 s13_0
#define o17 o13
#define p17 p13
#define w17 w13
#define x17 x13

int loop(struct reg *R, void *run, const struct environment *E)
{
    int where;
    i64 r4 = R[4].v.as_i64;
    i64 r14 = R[14].v.as_i64;
    i64 r15 = R[15].v.as_i64;
    i64 r16 = 0;
    void *x13 = 0;
    void *o13 = 0;
    char *p13 = 0;
    i64 w13 = 0, n13_0 = 0, s13_0 = 0;
    take(E, &o13, &R[13].obj);
    if (o13) { struct array *a = o13; p13 = a->data; n13_0 = a->dims[0]; s13_0 = a->strides[0]; }
    w13 = 0;
    drop(E, &R[17].obj);
    /* FILE:7 */
L10:;
    /*   11  loop_test        -> 16, r14, r15 */
    if (r14 >= r15) { where = 16; goto out0; }
    NOT_NEGATIVE(r14)
    /*   12  i_add            r16, r14, r11 */
    if (UNLIKELY(!(!__builtin_add_overflow(r14, ((i64)1LL), &r16)))) { where = 12; goto out1; }
    /*   13  call             r17 = numpy.arange(r16, r4, r11) */
    do {
        const i64 start = (i64)r16, stop = (i64)r4, step = (i64)((i64)1LL);
        if (SIZE(start) > 1152921504606846976 || SIZE(stop) > 1152921504606846976 || step == 0 || SIZE(step) > 1152921504606846976) break;
        const i64 d0 = step > 0 ? (stop > start ? (stop - start - 1) / step + 1 : 0)
            : (stop < start ? (start - stop - 1) / -step + 1 : 0);
        if (UNLIKELY(d0 > 1024)) break;
        void *y = E->fresh(&x17, 7, 1, (i64[]){d0});
        if (UNLIKELY(!y)) break;
        i64_at *q = (i64_at *)((struct array *)y)->data;
        for (i64 i = 0; i < d0; i++) q[i] = start + i * step;
        drop(E, &o17);
        o17 = y; p17 = ((struct array *)y)->data; w17 = 1;
        n17_0 = d0;
        s17_0 = 8;
        goto done13;
    } while (0);
    
    R[16].v.as_i64 = r16;
    R[4].v.as_i64 = r4;
    if (UNLIKELY(E->step(run, 13) < 0)) { where = -1; goto out2; }
    o17 = R[17].obj; R[17].obj = 0;
    if (o17) { struct array *a = o17; p17 = a->data; n17_0 = a->dims[0]; s17_0 = a->strides[0]; }
    w17 = 0;
    done13:;
    /*   14  move             r13, r17  takes 1 */
    /*   15  loop_next        -> 10, r14 */
    if (UNLIKELY(++r14 % 1024 == 0) && E->turns(run, 15) < 0) { where = -1; goto out0; }
    goto L10;
    { where = 16; goto out0; }
out0:
    R[13].obj = o13;
    goto end;
out1:
    R[14].v.as_i64 = r14;
    goto end;
out2:
    goto end;
end:
    drop(E, &x13);
    return where;
}

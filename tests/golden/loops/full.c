
#define n16_0 n13_0
#define s16_0 s13_0
#define o16 o13
#define p16 p13
#define w16 w13
#define x16 x13

int loop(struct reg *R, void *run, const struct environment *E)
{
    int where;
    i64 r4 = R[4].v.as_i64;
    i64 r14 = R[14].v.as_i64;
    i64 r15 = R[15].v.as_i64;
    void *x13 = 0;
    void *o13 = 0;
    char *p13 = 0;
    i64 w13 = 0, n13_0 = 0, s13_0 = 0;
    take(E, &o13, &R[13].obj);
    if (o13) { struct array *a = o13; p13 = a->data; n13_0 = a->dims[0]; s13_0 = a->strides[0]; }
    w13 = 0;
    drop(E, &R[16].obj);
    /* FILE:7 */
L10:;
    /*   11  loop_test        -> 15, r14, r15 */
    if (r14 >= r15) { where = 15; goto out0; }
    NOT_NEGATIVE(r14)
    /*   12  call             r16 = <lambda>(r10, r4, dtype=dtype('float64')) */
    do {
        const f64 c0 = (0x1.8000000000000p+0);
        const i64 d0 = (i64)r4;
        if (UNLIKELY(d0 < 0 || d0 > 1024)) break;
        if (UNLIKELY(d0 > 1024)) break;
        void *y = E->fresh(&x16, 12, 1, (i64[]){d0});
        if (UNLIKELY(!y)) break;
        f64_at *q = (f64_at *)((struct array *)y)->data;
        for (i64 i = 0; i < d0; i++) q[i] = c0;
        drop(E, &o16);
        o16 = y; p16 = ((struct array *)y)->data; w16 = 1;
        n16_0 = d0;
        s16_0 = 8;
        goto done12;
    } while (0);
    
    R[4].v.as_i64 = r4;
    if (UNLIKELY(E->step(run, 12) < 0)) { where = -1; goto out1; }
    o16 = R[16].obj; R[16].obj = 0;
    if (o16) { struct array *a = o16; p16 = a->data; n16_0 = a->dims[0]; s16_0 = a->strides[0]; }
    w16 = 0;
    done12:;
    /*   13  move             r13, r16  takes 1 */
    /*   14  loop_next        -> 10, r14 */
    if (UNLIKELY(++r14 % 1024 == 0) && E->turns(run, 14) < 0) { where = -1; goto out0; }
    goto L10;
    { where = 15; goto out0; }
out0:
    R[13].obj = o13;
    goto end;
out1:
    goto end;
end:
    drop(E, &x13);
    return where;
}

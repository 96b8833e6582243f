
#define n15_0 n12_0
#define s15_0 s12_0
#define o15 o12
#define p15 p12
#define w15 w12
#define x15 x12

int loop(struct reg *R, void *run, const struct environment *E)
{
    int where;
    i64 r13 = R[13].v.as_i64;
    i64 r14 = R[14].v.as_i64;
    char *p0 = 0;
    i64 w0 = 0, n0_0 = 0, s0_0 = 0;
    void *x12 = 0;
    void *o12 = 0;
    char *p12 = 0;
    i64 w12 = 0, n12_0 = 0, s12_0 = 0;
    if (R[0].obj) { struct array *a = R[0].obj; p0 = a->data; n0_0 = a->dims[0]; s0_0 = a->strides[0]; }
    w0 = 0;
    take(E, &o12, &R[12].obj);
    if (o12) { struct array *a = o12; p12 = a->data; n12_0 = a->dims[0]; s12_0 = a->strides[0]; }
    w12 = 0;
    drop(E, &R[15].obj);
    /* FILE:7 */
L9:;
    /*   10  loop_test        -> 14, r13, r14 */
    if (r13 >= r14) { where = 14; goto out0; }
    NOT_NEGATIVE(r13)
    /*   11  call             r15 = _filled_like.<locals>.<lambda>(r0, dtype=dtype('float64')) */
    do {
        const i64 d0 = n0_0;
        if (UNLIKELY(d0 > 1024)) break;
        void *y = E->fresh(&x15, 12, 1, (i64[]){d0});
        if (UNLIKELY(!y)) break;
        f64_at *q = (f64_at *)((struct array *)y)->data;
        for (i64 i = 0; i < d0; i++) q[i] = 1;
        drop(E, &o15);
        o15 = y; p15 = ((struct array *)y)->data; w15 = 1;
        n15_0 = d0;
        s15_0 = 8;
        goto done11;
    } while (0);
    
    if (UNLIKELY(E->step(run, 11) < 0)) { where = -1; goto out1; }
    o15 = R[15].obj; R[15].obj = 0;
    if (o15) { struct array *a = o15; p15 = a->data; n15_0 = a->dims[0]; s15_0 = a->strides[0]; }
    w15 = 0;
    w0 = 0;
    done11:;
    /*   12  move             r12, r15  takes 1 */
    /*   13  loop_next        -> 9, r13 */
    if (UNLIKELY(++r13 % 1024 == 0) && E->turns(run, 13) < 0) { where = -1; goto out0; }
    goto L9;
    { where = 14; goto out0; }
out0:
    R[12].obj = o12;
    goto end;
out1:
    goto end;
end:
    drop(E, &x12);
    return where;
}

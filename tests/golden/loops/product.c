
#define n15_0 n12_0
#define s15_0 s12_0
#define n15_1 n12_1
#define s15_1 s12_1
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
    i64 w0 = 0, n0_0 = 0, s0_0 = 0, n0_1 = 0, s0_1 = 0;
    char *p1 = 0;
    i64 w1 = 0, n1_0 = 0, s1_0 = 0, n1_1 = 0, s1_1 = 0;
    void *x12 = 0;
    void *o12 = 0;
    char *p12 = 0;
    i64 w12 = 0, n12_0 = 0, s12_0 = 0, n12_1 = 0, s12_1 = 0;
    if (R[0].obj) { struct array *a = R[0].obj; p0 = a->data; n0_0 = a->dims[0]; s0_0 = a->strides[0]; n0_1 = a->dims[1]; s0_1 = a->strides[1]; }
    w0 = 0;
    if (R[1].obj) { struct array *a = R[1].obj; p1 = a->data; n1_0 = a->dims[0]; s1_0 = a->strides[0]; n1_1 = a->dims[1]; s1_1 = a->strides[1]; }
    w1 = 0;
    take(E, &o12, &R[12].obj);
    if (o12) { struct array *a = o12; p12 = a->data; n12_0 = a->dims[0]; s12_0 = a->strides[0]; n12_1 = a->dims[1]; s12_1 = a->strides[1]; }
    w12 = 0;
    drop(E, &R[15].obj);
    /* FILE:7 */
L8:;
    /*    9  loop_test        -> 13, r13, r14 */
    if (r13 >= r14) { where = 13; goto out0; }
    NOT_NEGATIVE(r13)
    /*   10  call             r15 = matmul(r0, r1) */
    do {
        if (UNLIKELY(n0_1 != n1_0 || n0_0 * n1_1 * n0_1 > 256)) break;
        const i64 m0 = n0_0;
        const i64 m1 = n1_1;
        const i64 n = n0_1;
        void *y = E->fresh(&x15, 12, 2, (i64[]){m0, m1});
        if (UNLIKELY(!y)) break;
        f64_at *q = (f64_at *)((struct array *)y)->data;
        for (i64 i0 = 0; i0 < m0; i0++) {
            for (i64 i1 = 0; i1 < m1; i1++) {
                f64 acc = 0;
                for (i64 k = 0; k < n; k++) acc += (f64)*(f64_at *)(p0 + k * s0_1 + i0 * s0_0) * (f64)*(f64_at *)(p1 + k * s1_0 + i1 * s1_1);
                *q++ = (f64)acc;
            }
        }
        drop(E, &o15);
        o15 = y; p15 = ((struct array *)y)->data; w15 = 1;
        n15_0 = m0; n15_1 = m1;
        s15_1 = 8; s15_0 = s15_1 * n15_1;
        goto done10;
    } while (0);
    
    if (UNLIKELY(E->step(run, 10) < 0)) { where = -1; goto out1; }
    o15 = R[15].obj; R[15].obj = 0;
    if (o15) { struct array *a = o15; p15 = a->data; n15_0 = a->dims[0]; s15_0 = a->strides[0]; n15_1 = a->dims[1]; s15_1 = a->strides[1]; }
    w15 = 0;
    w0 = 0;
    w1 = 0;
    done10:;
    /*   11  move             r12, r15  takes 1 */
    /*   12  loop_next        -> 8, r13 */
    if (UNLIKELY(++r13 % 1024 == 0) && E->turns(run, 12) < 0) { where = -1; goto out0; }
    goto L8;
    { where = 13; goto out0; }
out0:
    R[12].obj = o12;
    goto end;
out1:
    goto end;
end:
    drop(E, &x12);
    return where;
}

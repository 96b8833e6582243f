
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
    char *p3 = 0;
    i64 w3 = 0, n3_0 = 0, s3_0 = 0;
    void *x12 = 0;
    void *o12 = 0;
    char *p12 = 0;
    i64 w12 = 0, n12_0 = 0, s12_0 = 0;
    if (R[0].obj) { struct array *a = R[0].obj; p0 = a->data; n0_0 = a->dims[0]; s0_0 = a->strides[0]; }
    w0 = 0;
    if (R[3].obj) { struct array *a = R[3].obj; p3 = a->data; n3_0 = a->dims[0]; s3_0 = a->strides[0]; }
    w3 = 0;
    take(E, &o12, &R[12].obj);
    if (o12) { struct array *a = o12; p12 = a->data; n12_0 = a->dims[0]; s12_0 = a->strides[0]; }
    w12 = 0;
    drop(E, &R[15].obj);
    /* FILE:7 */
L8:;
    /*    9  loop_test        -> 13, r13, r14 */
    if (r13 >= r14) { where = 13; goto out0; }
    NOT_NEGATIVE(r13)
    /*   10  getitem          r15 = r0[r3] */
    do {
        char *at = p0;
        const i64 n = n3_0;
        if (UNLIKELY(n != n0_0 || n > 1024)) break;
        i64 d0 = 0; for (i64 i0 = 0; i0 < n; i0++) d0 += *(u8_at *)(p3 + i0 * s3_0) != 0;
        void *y = E->fresh(&x15, 12, 1, (i64[]){d0});
        if (UNLIKELY(!y)) break;
        f64_at *q = (f64_at *)((struct array *)y)->data;
        for (i64 i0 = 0; i0 < n; i0++) if (*(u8_at *)(p3 + i0 * s3_0)) *q++ = *(f64_at *)(at + i0 * s0_0);
        drop(E, &o15);
        o15 = y; p15 = ((struct array *)y)->data; w15 = 1;
        n15_0 = d0;
        s15_0 = 8;
        goto done10;
    } while (0);
    
    if (UNLIKELY(E->step(run, 10) < 0)) { where = -1; goto out1; }
    o15 = R[15].obj; R[15].obj = 0;
    if (o15) { struct array *a = o15; p15 = a->data; n15_0 = a->dims[0]; s15_0 = a->strides[0]; }
    w15 = 0;
    w0 = 0;
    w3 = 0;
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


#define n8_0 n5_0
#define s8_0 s5_0
#define o8 o5
#define p8 p5
#define w8 w5

int loop(struct reg *R, void *run, const struct environment *E)
{
    int where;
    i64 r6 = R[6].v.as_i64;
    i64 r7 = R[7].v.as_i64;
    char *p3 = 0;
    i64 w3 = 0, n3_0 = 0, s3_0 = 0;
    void *o5 = 0;
    char *p5 = 0;
    i64 w5 = 0, n5_0 = 0, s5_0 = 0;
    if (R[3].obj) { struct array *a = R[3].obj; p3 = a->data; n3_0 = a->dims[0]; s3_0 = a->strides[0]; }
    w3 = 0;
    take(E, &o5, &R[5].obj);
    if (o5) { struct array *a = o5; p5 = a->data; n5_0 = a->dims[0]; s5_0 = a->strides[0]; }
    w5 = 0;
    drop(E, &R[8].obj);
    /* FILE:6 */
L4:;
    /*    5  loop_test        -> 9, r6, r7 */
    if (r6 >= r7) { where = 9; goto out0; }
    NOT_NEGATIVE(r6)
    /* FILE:7 */
    /*    6  write            r8 = r5[r3] <- r6  takes 1 */
    do {
        const i64 n = n5_0, m = n3_0;
        if (UNLIKELY(m > 1024)) break;
        const f64 c0 = (f64)r6;
        if (UNLIKELY(m != n)) break;
        i64 count = 0; for (i64 i0 = 0; i0 < n; i0++) count += *(u8_at *)(p3 + i0 * s3_0) != 0;
        if (UNLIKELY(!(w5 || (w5 = E->own(*&o5))))) break;
        char *at = p5;
        i64 j = 0;
        for (i64 i0 = 0; i0 < n; i0++) if (*(u8_at *)(p3 + i0 * s3_0)) { *(f64_at *)(at + i0 * s5_0) = c0; j++; }
        goto done6;
    } while (0);
    R[5].obj = o5; 
    R[6].v.as_i64 = r6;
    if (UNLIKELY(E->step(run, 6) < 0)) { where = -1; goto out1; }
    o5 = R[5].obj; R[5].obj = 0;
    o8 = R[8].obj; R[8].obj = 0;
    if (o8) { struct array *a = o8; p8 = a->data; n8_0 = a->dims[0]; s8_0 = a->strides[0]; }
    w8 = 0;
    w3 = 0;
    done6:;
    /*    7  move             r5, r8  takes 1 */
    /*    8  loop_next        -> 4, r6 */
    if (UNLIKELY(++r6 % 1024 == 0) && E->turns(run, 8) < 0) { where = -1; goto out0; }
    goto L4;
    { where = 9; goto out0; }
out0:
    R[5].obj = o5;
    goto end;
out1:
    goto end;
end:
    return where;
}

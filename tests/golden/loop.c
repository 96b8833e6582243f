
#define n8_0 n2_0
#define s8_0 s2_0
#define o8 o2
#define p8 p2
#define w8 w2

int loop(struct reg *R, void *run, const struct environment *E)
{
    int where;
    i64 r3 = R[3].v.as_i64;
    i64 r4 = R[4].v.as_i64;
    f64 r5 = 0;
    f64 r7 = 0;
    void *o2 = 0;
    char *p2 = 0;
    i64 w2 = 0, n2_0 = 0, s2_0 = 0;
    take(E, &o2, &R[2].obj);
    if (o2) { struct array *a = o2; p2 = a->data; n2_0 = a->dims[0]; s2_0 = a->strides[0]; }
    w2 = 0;
    drop(E, &R[8].obj);
    /* FILE:395 */
L2:;
    /*    3  loop_test        -> 9, r3, r4 */
    if (r3 >= r4) { where = 9; goto out0; }
    NOT_NEGATIVE(r3)
    /* FILE:396 */
    /*    4  load             r5 = r2[r3] */
    do {
        i64 i4_0_0 = (i64)r3;
        if (i4_0_0 < 0) i4_0_0 += n2_0;
        if (UNLIKELY((u64)i4_0_0 >= (u64)n2_0)) break;
        r5 = *(f64_at *)(p2 + i4_0_0 * s2_0);
        goto done4;
    } while (0);
    { where = 4; goto out1; }
    done4:;
    /*    5  f_mul            r7, r5, r6 */
    r7 = r5 * (0x1.0000000000000p+1);
    /*    6  store            r8 = r2[r3] <- r7  takes 1 */
    do {
        if (UNLIKELY(!(w2 || (w2 = E->own(*&o2))))) {
            R[2].obj = o2; 
            R[7].v.as_f64 = r7;
            R[3].v.as_i64 = r3;
            if (UNLIKELY(E->step(run, 6) < 0)) { where = -1; goto out2; }
            o2 = R[2].obj; R[2].obj = 0;
            o8 = R[8].obj; R[8].obj = 0;
            if (o8) { struct array *a = o8; p8 = a->data; n8_0 = n2_0; s8_0 = a->strides[0]; }
            w8 = 0;
            goto done6;
        }
        i64 i6_0_0 = (i64)r3;
        if (i6_0_0 < 0) i6_0_0 += n2_0;
        if (UNLIKELY((u64)i6_0_0 >= (u64)n2_0)) break;
        *(f64_at *)(p2 + i6_0_0 * s2_0) = r7;
        goto done6;
    } while (0);
    { where = 6; goto out3; }
    done6:;
    /*    7  move             r2, r8  takes 1 */
    /*    8  loop_next        -> 2, r3 */
    if (UNLIKELY(++r3 % 1024 == 0) && E->turns(run, 8) < 0) { where = -1; goto out0; }
    goto L2;
    { where = 9; goto out0; }
out0:
    R[2].obj = o2;
    goto end;
out1:
    R[3].v.as_i64 = r3;
    R[2].obj = o2;
    goto end;
out2:
    goto end;
out3:
    R[3].v.as_i64 = r3;
    R[7].v.as_f64 = r7;
    R[2].obj = o2;
    goto end;
end:
    return where;
}

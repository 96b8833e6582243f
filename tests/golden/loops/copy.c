
#define n25_0 n20_0
#define s25_0 s20_0
#define o25 o20
#define p25 p20
#define w25 w20
#define n28_0 n19_0
#define s28_0 s19_0
#define o28 o19
#define p28 p19
#define w28 w19

int loop(struct reg *R, void *run, const struct environment *E)
{
    int where;
    i64 r21 = R[21].v.as_i64;
    i64 r22 = R[22].v.as_i64;
    f64 r23 = 0;
    f64 r24 = 0;
    i64 r26 = 0;
    f64 r27 = 0;
    void *o19 = 0;
    char *p19 = 0;
    i64 w19 = 0, n19_0 = 0, s19_0 = 0;
    void *o20 = 0;
    char *p20 = 0;
    i64 w20 = 0, n20_0 = 0, s20_0 = 0;
    take(E, &o19, &R[19].obj);
    if (o19) { struct array *a = o19; p19 = a->data; n19_0 = a->dims[0]; s19_0 = a->strides[0]; }
    w19 = 0;
    take(E, &o20, &R[20].obj);
    if (o20) { struct array *a = o20; p20 = a->data; n20_0 = a->dims[0]; s20_0 = a->strides[0]; }
    w20 = 0;
    drop(E, &R[25].obj);
    drop(E, &R[28].obj);
    /* FILE:9 */
L13:;
    /*   14  loop_test        -> 24, r21, r22 */
    if (r21 >= r22) { where = 24; goto out0; }
    NOT_NEGATIVE(r21)
    /* FILE:7 */
    /*   15  load             r23 = r20[r10] */
    do {
        i64 i15_0_0 = 1;
        if (UNLIKELY((u64)i15_0_0 >= (u64)n20_0)) break;
        r23 = *(f64_at *)(p20 + i15_0_0 * s20_0);
        goto done15;
    } while (0);
    { where = 15; goto out1; }
    done15:;
    /*   16  f_add            r24, r23, r12 */
    r24 = r23 + (0x1.0000000000000p+0);
    /*   17  store            r25 = r20[r10] <- r24  takes 1 */
    do {
        if (UNLIKELY(!(w20 || (w20 = E->own(*&o20))))) {
            R[20].obj = o20; 
            R[24].v.as_f64 = r24;
            if (UNLIKELY(E->step(run, 17) < 0)) { where = -1; goto out2; }
            o20 = R[20].obj; R[20].obj = 0;
            o25 = R[25].obj; R[25].obj = 0;
            if (o25) { struct array *a = o25; p25 = a->data; n25_0 = n20_0; s25_0 = a->strides[0]; }
            w25 = 0;
            goto done17;
        }
        i64 i17_0_0 = 1;
        if (UNLIKELY((u64)i17_0_0 >= (u64)n20_0)) break;
        *(f64_at *)(p20 + i17_0_0 * s20_0) = r24;
        goto done17;
    } while (0);
    { where = 17; goto out3; }
    done17:;
    /* FILE:9 */
    /*   18  i_add            r26, r21, r10 */
    if (UNLIKELY(!(!__builtin_add_overflow(r21, ((i64)1LL), &r26)))) { where = 18; goto out4; }
    /*   19  i_to_f           r27, r26 */
    r27 = (f64)r26;
    /*   20  store            r28 = r25[r5] <- r27 */
    R[25].obj = o25; 
    R[27].v.as_f64 = r27;
    if (UNLIKELY(E->step(run, 20) < 0)) { where = -1; goto out2; }
    o25 = R[25].obj; R[25].obj = 0;
    o28 = R[28].obj; R[28].obj = 0;
    if (o28) { struct array *a = o28; p28 = a->data; n28_0 = a->dims[0]; s28_0 = a->strides[0]; }
    w28 = 0;
    w25 = 0;
    /*   21  move             r19, r28  takes 1 */
    /*   22  move             r20, r25  takes 1 */
    /*   23  loop_next        -> 13, r21 */
    if (UNLIKELY(++r21 % 1024 == 0) && E->turns(run, 23) < 0) { where = -1; goto out0; }
    goto L13;
    { where = 24; goto out0; }
out0:
    R[19].obj = o19;
    R[20].obj = o20;
    goto end;
out1:
    R[21].v.as_i64 = r21;
    R[20].obj = o20;
    goto end;
out2:
    goto end;
out3:
    R[21].v.as_i64 = r21;
    R[24].v.as_f64 = r24;
    R[20].obj = o20;
    goto end;
out4:
    R[21].v.as_i64 = r21;
    R[25].obj = o25;
    goto end;
end:
    return where;
}

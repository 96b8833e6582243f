

int loop(struct reg *R, void *run, const struct environment *E)
{
    int where;
    f64 r18 = R[18].v.as_f64;
    i64 r19 = R[19].v.as_i64;
    i64 r20 = R[20].v.as_i64;
    f64 r21 = 0;
    f64 r22 = 0;
    f64 r23 = 0;
    f64 r24 = 0;
    char *p11 = 0;
    i64 w11 = 0, n11_0 = 0, s11_0 = 0;
    if (R[11].obj) { struct array *a = R[11].obj; p11 = a->data; n11_0 = a->dims[0]; s11_0 = a->strides[0]; }
    w11 = 0;
    /* FILE:8 */
L13:;
    /*   14  loop_test        -> 21, r19, r20 */
    if (r19 >= r20) { where = 21; goto out0; }
    NOT_NEGATIVE(r19)
    /*   15  load             r21 = r11[r5] */
    do {
        i64 i15_0_0 = 0;
        if (UNLIKELY((u64)i15_0_0 >= (u64)n11_0)) break;
        r21 = *(f64_at *)(p11 + i15_0_0 * s11_0);
        goto done15;
    } while (0);
    { where = 15; goto out1; }
    done15:;
    /*   16  load             r22 = r11[r10] */
    do {
        i64 i16_0_0 = n11_0 + (-1);
        if (UNLIKELY((u64)i16_0_0 >= (u64)n11_0)) break;
        r22 = *(f64_at *)(p11 + i16_0_0 * s11_0);
        goto done16;
    } while (0);
    { where = 16; goto out2; }
    done16:;
    /*   17  f_add            r23, r21, r22 */
    r23 = r21 + r22;
    /*   18  f_add            r24, r18, r23 */
    r24 = r18 + r23;
    /*   19  move_value       r18, r24 */
    r18 = r24;
    /*   20  loop_next        -> 13, r19 */
    if (UNLIKELY(++r19 % 1024 == 0) && E->turns(run, 20) < 0) { where = -1; goto out3; }
    goto L13;
    { where = 21; goto out0; }
out0:
    R[18].v.as_f64 = r18;
    goto end;
out1:
    R[18].v.as_f64 = r18;
    R[19].v.as_i64 = r19;
    goto end;
out2:
    R[18].v.as_f64 = r18;
    R[19].v.as_i64 = r19;
    R[21].v.as_f64 = r21;
    goto end;
out3:
    goto end;
end:
    return where;
}

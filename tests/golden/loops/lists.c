#define HEAD 16


int loop(struct reg *R, void *run, const struct environment *E)
{
    int where;
    f64 r16 = R[16].v.as_f64;
    i64 r18 = R[18].v.as_i64;
    i64 r19 = R[19].v.as_i64;
    i64 r21 = 0;
    f64 r22 = 0;
    i64 r24 = 0;
    f64 r26 = 0;
    f64 r27 = 0;
    f64 r28 = 0;
    f64 r29 = 0;
    f64 r30 = 0;
    char *p0 = 0;
    i64 w0 = 0, n0_0 = 0, s0_0 = 0;
    if (R[0].obj) { struct array *a = R[0].obj; p0 = a->data; n0_0 = a->dims[0]; s0_0 = a->strides[0]; }
    w0 = 0;
    /* program.py */
L11:;
    /*   12  loop_test        -> 26, r18, r19 */
    if (r18 >= r19) { where = 26; goto out0; }
    NOT_NEGATIVE(r18)
    /*   13  i_add            r21, r18, r20 */
    if (UNLIKELY(!(!__builtin_add_overflow(r18, ((i64)1LL), &r21)))) { where = 13; goto out1; }
    /* program.py */
    /*   14  load             r22 = r0[r21] */
    do {
        i64 i14_0_0 = (i64)r21;
        if (i14_0_0 < 0) i14_0_0 += n0_0;
        if (UNLIKELY((u64)i14_0_0 >= (u64)n0_0)) break;
        r22 = *(f64_at *)(p0 + i14_0_0 * s0_0);
        goto done14;
    } while (0);
    { where = 14; goto out2; }
    done14:;
    /* program.py */
    /*   15  i_floordiv       r24, r21, r23 */
    if (UNLIKELY(!(floor_divide(r21, ((i64)2LL), &r24)))) { where = 15; goto out3; }
    /* program.py */
    /*   16  list_append      r25 = _list_append(r17, r22)  takes 1 */
    {
        struct list *l = R[17].obj;
        if (numbers(E, R[17].obj, 28) && mine(l) && l->n < l->capacity) {
            ((f64_at *)l->data)[l->n++] = r22;
            take(E, &R[25].obj, &R[17].obj);
        } else {
            R[22].v.as_f64 = r22;
            if (UNLIKELY(E->step(run, 16) < 0)) { where = -1; goto out4; }
        }
    }
    /* program.py */
    /*   17  list_get         r26 = <lambda>(r25, r24) */
    {
        struct list *l = R[25].obj;
        i64 k;
        if (numbers(E, R[25].obj, 28) && (k = r24, k += k < 0 ? l->n : 0, (u64)k < (u64)l->n)) {
            r26 = ((f64_at *)l->data)[k];
        } else {
            R[24].v.as_i64 = r24;
            if (UNLIKELY(E->step(run, 17) < 0)) { where = -1; goto out4; }
            r26 = R[26].v.as_f64;
        }
    }
    /*   18  i_to_f           r27, r21 */
    r27 = (f64)r21;
    /*   19  f_add            r28, r26, r27 */
    r28 = r26 + r27;
    /*   20  f_add            r29, r28, r12 */
    r29 = r28 + (0x1.0000000000000p+0);
    /*   21  f_add            r30, r16, r29 */
    r30 = r16 + r29;
    /* program.py */
    /*   22  list_set         r31 = _list_set(r25, r30, r2)  takes 1 */
    {
        struct list *l = R[25].obj;
        i64 k;
        if (numbers(E, R[25].obj, 28) && mine(l) && (k = ((i64)0LL), k += k < 0 ? l->n : 0, (u64)k < (u64)l->n)) {
            ((f64_at *)l->data)[k] = r30;
            take(E, &R[31].obj, &R[25].obj);
        } else {
            R[30].v.as_f64 = r30;
            if (UNLIKELY(E->step(run, 22) < 0)) { where = -1; goto out4; }
        }
    }
    /*   23  move_value       r16, r30 */
    r16 = r30;
    /*   24  move             r17, r31  takes 1 */
    take(E, &R[17].obj, &R[31].obj);
    /*   25  loop_next        -> 11, r18 */
    if (UNLIKELY(++r18 % 1024 == 0) && E->turns(run, 25) < 0) { where = -1; goto out4; }
    goto L11;
    { where = 26; goto out0; }
out0:
    R[16].v.as_f64 = r16;
    goto end;
out1:
    R[16].v.as_f64 = r16;
    R[18].v.as_i64 = r18;
    goto end;
out2:
    R[16].v.as_f64 = r16;
    R[18].v.as_i64 = r18;
    R[21].v.as_i64 = r21;
    goto end;
out3:
    R[16].v.as_f64 = r16;
    R[18].v.as_i64 = r18;
    R[21].v.as_i64 = r21;
    R[22].v.as_f64 = r22;
    goto end;
out4:
    goto end;
end:
    return where;
}

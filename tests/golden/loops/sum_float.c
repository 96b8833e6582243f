

int loop(struct reg *R, void *run, const struct environment *E)
{
    int where;
    f64 r11 = R[11].v.as_f64;
    f64 r14 = R[14].v.as_f64;
    i64 r15 = R[15].v.as_i64;
    i64 r16 = R[16].v.as_i64;
    f64 r17 = 0;
    /* FILE:7 */
L10:;
    /*   11  loop_test        -> 15, r15, r16 */
    if (r15 >= r16) { where = 15; goto out0; }
    NOT_NEGATIVE(r15)
    /*   12  f_add            r17, r14, r11 */
    r17 = r14 + r11;
    /*   13  move_value       r14, r17 */
    r14 = r17;
    /*   14  loop_next        -> 10, r15 */
    if (UNLIKELY(++r15 % 1024 == 0) && E->turns(run, 14) < 0) { where = -1; goto out1; }
    goto L10;
    { where = 15; goto out0; }
out0:
    R[14].v.as_f64 = r14;
    goto end;
out1:
    goto end;
end:
    return where;
}

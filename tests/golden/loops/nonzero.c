

int loop(struct reg *R, void *run, const struct environment *E)
{
    int where;
    i64 r13 = R[13].v.as_i64;
    i64 r14 = R[14].v.as_i64;
    /* FILE:7 */
L9:;
    /*   10  loop_test        -> 13, r13, r14 */
    if (r13 >= r14) { where = 13; goto out0; }
    NOT_NEGATIVE(r13)
    /*   11  move             r12, r11 */
    share(E, &R[12].obj, &R[11].obj);
    /*   12  loop_next        -> 9, r13 */
    if (UNLIKELY(++r13 % 1024 == 0) && E->turns(run, 12) < 0) { where = -1; goto out0; }
    goto L9;
    { where = 13; goto out0; }
out0:
    goto end;
end:
    return where;
}

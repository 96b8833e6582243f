

int loop(struct reg *R, void *run, const struct environment *E)
{
    int where;
    i64 r12 = R[12].v.as_i64;
    i64 r13 = R[13].v.as_i64;
    i64 r14 = R[14].v.as_i64;
    i64 r15 = 0;
    char *p0 = 0;
    i64 w0 = 0, n0_0 = 0, s0_0 = 0;
    if (R[0].obj) { struct array *a = R[0].obj; p0 = a->data; n0_0 = a->dims[0]; s0_0 = a->strides[0]; }
    w0 = 0;
    /* FILE:7 */
L9:;
    /*   10  loop_test        -> 14, r13, r14 */
    if (r13 >= r14) { where = 14; goto out0; }
    NOT_NEGATIVE(r13)
    /*   11  call             r15 = library_op.<locals>.evaluate(r0, axis=None, keepdims=False) */
    do {
        if (UNLIKELY(n0_0 > 65536 || (n0_0) == 0)) break;
        char *a = p0;
        f64 best = *(f64_at *)a;
        i64 found = 0, place = 0;
        char *b = a;
        char *b0_ = b;
        for (i64 jb0 = 0; jb0 < n0_0; jb0++, b0_ += s0_0) {
            const f64 z = *(f64_at *)b0_;
            if (z > best || (best == best && z != z)) { best = z; found = place; }
            place++;
        }
        r15 = found;
        goto done11;
    } while (0);
    if (UNLIKELY(E->step(run, 11) < 0)) { where = -1; goto out1; }
    r15 = R[15].v.as_i64;
    w0 = 0;
    done11:;
    /*   12  move_value       r12, r15 */
    r12 = r15;
    /*   13  loop_next        -> 9, r13 */
    if (UNLIKELY(++r13 % 1024 == 0) && E->turns(run, 13) < 0) { where = -1; goto out1; }
    goto L9;
    { where = 14; goto out0; }
out0:
    R[12].v.as_i64 = r12;
    goto end;
out1:
    goto end;
end:
    return where;
}

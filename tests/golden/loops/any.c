

int loop(struct reg *R, void *run, const struct environment *E)
{
    int where;
    f64 r6 = R[6].v.as_f64;
    i64 r7 = R[7].v.as_i64;
    i64 r8 = R[8].v.as_i64;
    u8 r10 = 0;
    f64 r11 = 0;
    f64 r12 = 0;
    char *p0 = 0;
    i64 w0 = 0, n0_0 = 0, s0_0 = 0;
    void *x9 = 0;
    void *o9 = 0;
    char *p9 = 0;
    i64 w9 = 0, n9_0 = 0, s9_0 = 0;
    if (R[0].obj) { struct array *a = R[0].obj; p0 = a->data; n0_0 = a->dims[0]; s0_0 = a->strides[0]; }
    w0 = 0;
    drop(E, &R[9].obj);
    /* FILE:6 */
L5:;
    /*    6  loop_test        -> 13, r7, r8 */
    if (r7 >= r8) { where = 13; goto out0; }
    NOT_NEGATIVE(r7)
    /* FILE:7 */
    /*    7  ufunc            r9 = greater.dd?(r0, r7) */
    do {
        const f64 c1 = (f64)r7;
        i64 d0 = n0_0;
        if (UNLIKELY(d0 > 1024)) break;
        const i64 t0_0 = n0_0 == 1 ? 0 : s0_0;
        void *y0 = E->fresh(&x9, 0, 1, (i64[]){d0});
        if (UNLIKELY(!y0)) break;
        u8_at *q0 = (u8_at *)((struct array *)y0)->data;
        const i64 e0 = d0;
        if (e0 >= 16 && t0_0 == 8) {
            const f64_at *b0 = (f64_at *)(p0);
            INDEPENDENT
            for (i64 i0 = 0; i0 < e0; i0++) {
                const f64 a0 = b0[i0];
                const u8 r9 = a0 > c1;
                q0[i0] = r9;
            }
        } else {
            for (i64 i0 = 0; i0 < d0; i0++) {
                const f64 a0 = *(f64_at *)(p0 + i0 * t0_0);
                const u8 r9 = a0 > c1;
                q0[i0] = r9;
            }
        }
        drop(E, &o9);
        o9 = y0; p9 = ((struct array *)y0)->data; w9 = 1;
        n9_0 = d0;
        s9_0 = 1;
        goto done7;
    } while (0);
    
    R[7].v.as_i64 = r7;
    if (UNLIKELY(E->step(run, 7) < 0)) { where = -1; goto out1; }
    o9 = R[9].obj; R[9].obj = 0;
    if (o9) { struct array *a = o9; p9 = a->data; n9_0 = a->dims[0]; s9_0 = a->strides[0]; }
    w9 = 0;
    w0 = 0;
    done7:;
    /*    8  call             r10 = ufunc.reduce(r9, axis=None, keepdims=False)  takes 1 */
    do {
        if (UNLIKELY(n9_0 > 65536)) break;
        char *a = p9;
        u8 acc = 0;
        char *b = a;
        char *b0_ = b;
        for (i64 jb0 = 0; jb0 < n9_0 && !acc; jb0++, b0_ += s9_0) {
            acc |= *(u8_at *)b0_ != 0;
        }
        r10 = acc;
        if (n9_0 <= 1024) retire(E, &x9, &o9); else drop(E, &o9);
        goto done8;
    } while (0);
    R[9].obj = o9; 
    if (UNLIKELY(E->step(run, 8) < 0)) { where = -1; goto out1; }
    o9 = R[9].obj; R[9].obj = 0;
    r10 = R[10].v.as_u8;
    done8:;
    /*    9  cast             r11, r10 */
    r11 = (f64)r10;
    /*   10  f_add            r12, r6, r11 */
    r12 = r6 + r11;
    /*   11  move_value       r6, r12 */
    r6 = r12;
    /*   12  loop_next        -> 5, r7 */
    if (UNLIKELY(++r7 % 1024 == 0) && E->turns(run, 12) < 0) { where = -1; goto out1; }
    goto L5;
    { where = 13; goto out0; }
out0:
    R[6].v.as_f64 = r6;
    goto end;
out1:
    goto end;
end:
    drop(E, &x9);
    return where;
}

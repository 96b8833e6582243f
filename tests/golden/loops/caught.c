#define HEAD 16

#define n26_0 n5_0
#define s26_0 s5_0
#define o26 o5
#define p26 p5
#define w26 w5
#define n31_0 n5_0
#define s31_0 s5_0
#define o31 o5
#define p31 p5
#define w31 w5
#define n33_0 n5_0
#define s33_0 s5_0
#define o33 o5
#define p33 p5
#define w33 w5
#define n37_0 n5_0
#define s37_0 s5_0
#define o37 o5
#define p37 p5
#define w37 w5

int loop(struct reg *R, void *run, const struct environment *E)
{
    int where;
    i64 r4 = R[4].v.as_i64;
    i64 r6 = R[6].v.as_i64;
    i64 r7 = R[7].v.as_i64;
    i64 r8 = 0;
    i64 r9 = R[9].v.as_i64;
    u8 r13 = 0;
    u8 r14 = 0;
    i64 r19 = 0;
    i64 r21 = 0;
    u8 r25 = 0;
    i64 r27 = 0;
    u8 r29 = 0;
    i64 r30 = 0;
    i64 r32 = 0;
    f64 r34 = 0;
    f64 r36 = 0;
    char *p0 = 0;
    i64 w0 = 0, n0_0 = 0, s0_0 = 0;
    void *o5 = 0;
    char *p5 = 0;
    i64 w5 = 0, n5_0 = 0, s5_0 = 0;
    void *o11 = 0;
    char *p11 = 0;
    i64 w11 = 0, n11_0 = 0, s11_0 = 0;
    void *o15 = 0;
    char *p15 = 0;
    i64 w15 = 0, n15_0 = 0, s15_0 = 0;
    char *p18 = 0;
    i64 w18 = 0, n18_0 = 0, s18_0 = 0;
    void *o22 = 0;
    char *p22 = 0;
    i64 w22 = 0, n22_0 = 0, s22_0 = 0;
    char *p24 = 0;
    i64 w24 = 0, n24_0 = 0, s24_0 = 0;
    if (R[0].obj) { struct array *a = R[0].obj; p0 = a->data; n0_0 = a->dims[0]; s0_0 = a->strides[0]; }
    w0 = 0;
    take(E, &o5, &R[5].obj);
    if (o5) { struct array *a = o5; p5 = a->data; n5_0 = a->dims[0]; s5_0 = a->strides[0]; }
    w5 = 0;
    take(E, &o11, &R[11].obj);
    if (o11) { struct array *a = o11; p11 = a->data; n11_0 = a->dims[0]; s11_0 = a->strides[0]; }
    w11 = 0;
    take(E, &o15, &R[15].obj);
    if (o15) { struct array *a = o15; p15 = a->data; n15_0 = a->dims[0]; s15_0 = a->strides[0]; }
    w15 = 0;
    if (R[18].obj) { struct array *a = R[18].obj; p18 = a->data; n18_0 = a->dims[0]; s18_0 = a->strides[0]; }
    w18 = 0;
    take(E, &o22, &R[22].obj);
    if (o22) { struct array *a = o22; p22 = a->data; n22_0 = a->dims[0]; s22_0 = a->strides[0]; }
    w22 = 0;
    if (R[24].obj) { struct array *a = R[24].obj; p24 = a->data; n24_0 = a->dims[0]; s24_0 = a->strides[0]; }
    w24 = 0;
    drop(E, &R[26].obj);
    drop(E, &R[31].obj);
    drop(E, &R[33].obj);
    drop(E, &R[37].obj);
    /* program.py */
L4:;
    /*    5  loop_test        -> 50, r6, r7 */
    if (r6 >= r7) { where = 50; goto out0; }
    NOT_NEGATIVE(r6)
    /*    6  load             r8 = r0[r6] */
    do {
        i64 i6_0_0 = (i64)r6;
        if (i6_0_0 < 0) i6_0_0 += n0_0;
        if (UNLIKELY((u64)i6_0_0 >= (u64)n0_0)) break;
        r8 = *(i64_at *)(p0 + i6_0_0 * s0_0);
        goto done6;
    } while (0);
    { where = 6; goto out1; }
    done6:;
    /* program.py */
    /*    7  i_lt             r13, r8, r12 */
    r13 = r8 < ((i64)0LL);
    /*    8  move_value       r14, r13 */
    r14 = r13;
    /*    9  jump_unless      -> 13, r14 */
    if (!r14) goto L13;
    /* program.py */
    /*   10  guard             = _raise_if(r16, r8, r6, exception=<class 'ValueError'>, arguments=(('text', ((0, '', ''), ' at ', (1, '', ) */
    if (UNLIKELY(((u8)1LL))) {
        R[8].v.as_i64 = r8;
        R[6].v.as_i64 = r6;
        if (UNLIKELY(E->step(run, 10) < 0)) {
            switch (E->recover(run, 4, 50)) {
            case 26:
                r9 = R[9].v.as_i64;
                goto L26;
            }
            { where = -1; goto out1; }
        }
    }
    /*   11  move             r15, r18 */
    share(E, &o15, &R[18].obj);
    p15 = p18; n15_0 = n18_0; s15_0 = s18_0; w15 = w18 = 0;
    /*   12  jump             -> 17 */
    goto L17;
    /* program.py */
L13:;
    /*   13  cast             r19, r8 */
    r19 = r8;
    /*   14  i_floordiv       r21, r20, r19 */
    if (UNLIKELY(r19 == 0)) {
        R[19].v.as_i64 = r19;
        if (UNLIKELY(E->step(run, 14) < 0)) {
            switch (E->recover(run, 4, 50)) {
            case 26:
                r9 = R[9].v.as_i64;
                goto L26;
            }
            { where = -1; goto out1; }
        }
        r21 = R[21].v.as_i64;
        if (UNLIKELY(R[21].obj)) { where = 15; goto out2; }
    }
    if (UNLIKELY(!(floor_divide(((i64)6LL), r19, &r21)))) { where = 14; goto out3; }
    /*   15  store            r22 = r5[r6] <- r21  takes 1 */
    do {
        if (UNLIKELY(!(w5 || (w5 = E->own(*&o5))))) {
            R[5].obj = o5; 
            R[21].v.as_i64 = r21;
            R[6].v.as_i64 = r6;
            if (UNLIKELY(E->step(run, 15) < 0)) {
                switch (E->recover(run, 4, 50)) {
                case 26:
                    o5 = R[5].obj; R[5].obj = 0;
                    if (o5) { struct array *a = o5; p5 = a->data; n5_0 = a->dims[0]; s5_0 = a->strides[0]; }
                    w5 = 0;
                    r9 = R[9].v.as_i64;
                    goto L26;
                }
                { where = -1; goto out4; }
            }
            o5 = R[5].obj; R[5].obj = 0;
            o22 = R[22].obj; R[22].obj = 0;
            if (o22) { struct array *a = o22; p22 = a->data; n22_0 = n5_0; s22_0 = a->strides[0]; }
            w22 = 0;
            goto done15;
        }
        i64 i15_0_0 = (i64)r6;
        if (i15_0_0 < 0) i15_0_0 += n5_0;
        if (UNLIKELY((u64)i15_0_0 >= (u64)n5_0)) goto outside15;
        *(f64_at *)(p5 + i15_0_0 * s5_0) = (f64)r21;
        take(E, &o22, &o5);
        p22 = p5; n22_0 = n5_0; s22_0 = s5_0; w22 = w5;
        goto done15;
    } while (0);
    { where = 15; goto out2; }
    outside15:;
    R[5].obj = o5; 
    R[21].v.as_i64 = r21;
    R[6].v.as_i64 = r6;
    if (UNLIKELY(E->step(run, 15) < 0)) {
        switch (E->recover(run, 4, 50)) {
        case 26:
            o5 = R[5].obj; R[5].obj = 0;
            if (o5) { struct array *a = o5; p5 = a->data; n5_0 = a->dims[0]; s5_0 = a->strides[0]; }
            w5 = 0;
            r9 = R[9].v.as_i64;
            goto L26;
        }
        { where = -1; goto out4; }
    }
    o5 = R[5].obj; R[5].obj = 0;
    o22 = R[22].obj; R[22].obj = 0;
    if (o22) { struct array *a = o22; p22 = a->data; n22_0 = a->dims[0]; s22_0 = a->strides[0]; }
    w22 = 0;
    done15:;
    /*   16  move             r15, r22  takes 1 */
    take(E, &o15, &o22);
    p15 = p22; n15_0 = n22_0; s15_0 = s22_0; w15 = w22;
    /* program.py */
L17:;
    /*   17  move             r11, r15  takes 1 */
    take(E, &o11, &o15);
    p11 = p15; n11_0 = n15_0; s11_0 = s15_0; w11 = w15;
    /*   18  move_int         r9, r3 */
    r9 = ((i64)0LL);
    /*   19  move             r10, r23 */
    share(E, &R[10].obj, &R[23].obj);
    /*   20  drop             r10  takes 1 */
    drop(E, &R[10].obj);
    /*   21  drop             r5  takes 1 */
    drop(E, &o5);
    /* program.py */
    /*   22  i_eq             r25, r9, r3 */
    r25 = r9 == ((i64)0LL);
    /*   23  move             r26, r11  takes 1 */
    take(E, &o26, &o11);
    p26 = p11; n26_0 = n11_0; s26_0 = s11_0; w26 = w11;
    /*   24  move_int         r27, r4 */
    r27 = r4;
    /*   25  jump             -> 47 */
    goto L47;
L26:;
    /*   26  drop             r11  takes 1 */
    drop(E, &o11);
    /*   27  drop             r15  takes 1 */
    drop(E, &o15);
    /*   28  drop             r22  takes 1 */
    drop(E, &o22);
    /* program.py */
    /*   29  move             r11, r24 */
    share(E, &o11, &R[24].obj);
    p11 = p24; n11_0 = n24_0; s11_0 = s24_0; w11 = w24 = 0;
    /*   30  drop             r11  takes 1 */
    drop(E, &o11);
    /* program.py */
    /*   31  i_eq             r25, r9, r3 */
    r25 = r9 == ((i64)0LL);
    /*   32  i_eq             r29, r9, r28 */
    r29 = r9 == ((i64)1LL);
    /*   33  jump_unless      -> 39, r29 */
    if (!r29) goto L39;
    /*   34  drop             r10  takes 1 */
    drop(E, &R[10].obj);
    /* program.py */
    /*   35  i_add            r32, r4, r28 */
    if (UNLIKELY(!(!__builtin_add_overflow(r4, ((i64)1LL), &r32)))) { where = 35; goto out1; }
    /*   36  move_int         r30, r32 */
    r30 = r32;
    /*   37  move             r31, r5  takes 1 */
    /*   38  jump             -> 45 */
    goto L45;
    /* program.py */
L39:;
    /*   39  load             r34 = r5[r3] */
    do {
        i64 i39_0_0 = 0;
        if (UNLIKELY((u64)i39_0_0 >= (u64)n5_0)) break;
        r34 = *(f64_at *)(p5 + i39_0_0 * s5_0);
        goto done39;
    } while (0);
    { where = 39; goto out1; }
    done39:;
    /*   40  f_add            r36, r34, r35 */
    r36 = r34 + (0x1.0000000000000p+0);
    /*   41  store            r37 = r5[r3] <- r36  takes 1 */
    do {
        if (UNLIKELY(!(w5 || (w5 = E->own(*&o5))))) {
            R[5].obj = o5; 
            R[36].v.as_f64 = r36;
            if (UNLIKELY(E->step(run, 41) < 0)) { where = -1; goto out5; }
            o5 = R[5].obj; R[5].obj = 0;
            o37 = R[37].obj; R[37].obj = 0;
            if (o37) { struct array *a = o37; p37 = a->data; n37_0 = n5_0; s37_0 = a->strides[0]; }
            w37 = 0;
            goto done41;
        }
        i64 i41_0_0 = 0;
        if (UNLIKELY((u64)i41_0_0 >= (u64)n5_0)) break;
        *(f64_at *)(p5 + i41_0_0 * s5_0) = r36;
        goto done41;
    } while (0);
    { where = 41; goto out6; }
    done41:;
    /*   42  move             r33, r37  takes 1 */
    /* program.py */
L43:;
    /*   43  move_int         r30, r4 */
    r30 = r4;
    /*   44  move             r31, r33  takes 1 */
L45:;
    /*   45  move             r26, r31  takes 1 */
    /*   46  move_int         r27, r30 */
    r27 = r30;
L47:;
    /*   47  move_int         r4, r27 */
    r4 = r27;
    /*   48  move             r5, r26  takes 1 */
    /*   49  loop_next        -> 4, r6 */
    if (UNLIKELY(++r6 % 1024 == 0) && E->turns(run, 49) < 0) { where = -1; goto out7; }
    goto L4;
    { where = 50; goto out0; }
out0:
    R[4].v.as_i64 = r4;
    R[5].obj = o5;
    goto end;
out1:
    R[4].v.as_i64 = r4;
    R[6].v.as_i64 = r6;
    R[9].v.as_i64 = r9;
    R[5].obj = o5;
    R[11].obj = o11;
    R[15].obj = o15;
    R[22].obj = o22;
    goto end;
out2:
    R[4].v.as_i64 = r4;
    R[6].v.as_i64 = r6;
    R[9].v.as_i64 = r9;
    R[21].v.as_i64 = r21;
    R[5].obj = o5;
    R[11].obj = o11;
    R[15].obj = o15;
    R[22].obj = o22;
    goto end;
out3:
    R[4].v.as_i64 = r4;
    R[6].v.as_i64 = r6;
    R[9].v.as_i64 = r9;
    R[19].v.as_i64 = r19;
    R[5].obj = o5;
    R[11].obj = o11;
    R[15].obj = o15;
    R[22].obj = o22;
    goto end;
out4:
    R[4].v.as_i64 = r4;
    R[6].v.as_i64 = r6;
    R[9].v.as_i64 = r9;
    R[11].obj = o11;
    R[15].obj = o15;
    goto end;
out5:
    R[4].v.as_i64 = r4;
    R[6].v.as_i64 = r6;
    R[9].v.as_i64 = r9;
    R[11].obj = o11;
    R[15].obj = o15;
    R[22].obj = o22;
    goto end;
out6:
    R[4].v.as_i64 = r4;
    R[6].v.as_i64 = r6;
    R[9].v.as_i64 = r9;
    R[36].v.as_f64 = r36;
    R[5].obj = o5;
    R[11].obj = o11;
    R[15].obj = o15;
    R[22].obj = o22;
    goto end;
out7:
    R[5].obj = o5;
    R[11].obj = o11;
    R[15].obj = o15;
    R[22].obj = o22;
    goto end;
end:
    return where;
}

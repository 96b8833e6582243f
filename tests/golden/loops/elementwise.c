
#define n17_0 n14_0
#define s17_0 s14_0
#define o17 o14
#define p17 p14
#define w17 w14
#define x17 x14

int loop(struct reg *R, void *run, const struct environment *E)
{
    int where;
    i64 r15 = R[15].v.as_i64;
    i64 r16 = R[16].v.as_i64;
    char *p1 = 0;
    i64 w1 = 0, n1_0 = 0, s1_0 = 0;
    char *p10 = 0;
    i64 w10 = 0, n10_0 = 0, s10_0 = 0;
    void *x14 = 0;
    void *o14 = 0;
    char *p14 = 0;
    i64 w14 = 0, n14_0 = 0, s14_0 = 0;
    if (R[1].obj) { struct array *a = R[1].obj; p1 = a->data; n1_0 = a->dims[0]; s1_0 = a->strides[0]; }
    w1 = 0;
    if (R[10].obj) { struct array *a = R[10].obj; p10 = a->data; n10_0 = a->dims[0]; s10_0 = a->strides[0]; }
    w10 = 0;
    take(E, &o14, &R[14].obj);
    if (o14) { struct array *a = o14; p14 = a->data; n14_0 = a->dims[0]; s14_0 = a->strides[0]; }
    w14 = 0;
    drop(E, &R[17].obj);
    /* FILE:7 */
L8:;
    /*    9  loop_test        -> 13, r15, r16 */
    if (r15 >= r16) { where = 13; goto out0; }
    NOT_NEGATIVE(r15)
    /*   10  ufunc            r17 = add.ddd(r10, r1) */
    do {
        i64 d0 = n10_0;
        if (n1_0 != d0) { if (d0 == 1) d0 = n1_0; else if (n1_0 != 1) break; }
        if (UNLIKELY(d0 > 1024)) break;
        const i64 t0_0 = n10_0 == 1 ? 0 : s10_0;
        const i64 t1_0 = n1_0 == 1 ? 0 : s1_0;
        void *y0 = E->fresh(&x17, 12, 1, (i64[]){d0});
        if (UNLIKELY(!y0)) break;
        f64_at *q0 = (f64_at *)((struct array *)y0)->data;
        const i64 e0 = d0;
        if (e0 >= 16 && t0_0 == 8 && t1_0 == 8) {
            const f64_at *b0 = (f64_at *)(p10);
            const f64_at *b1 = (f64_at *)(p1);
            INDEPENDENT
            for (i64 i0 = 0; i0 < e0; i0++) {
                const f64 a0 = b0[i0];
                const f64 a1 = b1[i0];
                const f64 r17 = a0 + a1;
                q0[i0] = r17;
            }
        } else {
            for (i64 i0 = 0; i0 < d0; i0++) {
                const f64 a0 = *(f64_at *)(p10 + i0 * t0_0);
                const f64 a1 = *(f64_at *)(p1 + i0 * t1_0);
                const f64 r17 = a0 + a1;
                q0[i0] = r17;
            }
        }
        drop(E, &o17);
        o17 = y0; p17 = ((struct array *)y0)->data; w17 = 1;
        n17_0 = d0;
        s17_0 = 8;
        goto done10;
    } while (0);
    
    if (UNLIKELY(E->step(run, 10) < 0)) { where = -1; goto out1; }
    o17 = R[17].obj; R[17].obj = 0;
    if (o17) { struct array *a = o17; p17 = a->data; n17_0 = a->dims[0]; s17_0 = a->strides[0]; }
    w17 = 0;
    w10 = 0;
    w1 = 0;
    done10:;
    /*   11  move             r14, r17  takes 1 */
    /*   12  loop_next        -> 8, r15 */
    if (UNLIKELY(++r15 % 1024 == 0) && E->turns(run, 12) < 0) { where = -1; goto out0; }
    goto L8;
    { where = 13; goto out0; }
out0:
    R[14].obj = o14;
    goto end;
out1:
    goto end;
end:
    drop(E, &x14);
    return where;
}

typedef signed char i8;
typedef unsigned char u8;
typedef short i16;
typedef unsigned short u16;
typedef int i32;
typedef unsigned int u32;
typedef long long i64;
typedef unsigned long long u64;
typedef float f32;
typedef double f64;

/* No item that one step of a loop writes is read by another step. */
#ifdef __clang__
#define INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
#else
#define INDEPENDENT _Pragma("GCC ivdep")
#endif

/* The m items from a place on: where they are, or, if they are not next to each other, gathered in a buffer. */
#define GATHER(T) \
static inline const T *gather_##T(T *buffer, const char *place, i64 stride, i64 m) \
{ \
    if (stride == sizeof(T)) return (const T *)place; \
    for (i64 i = 0; i < m; i++) buffer[i] = *(const T *)(place + i * stride); \
    return buffer; \
}

GATHER(f64)

void kernel(i64 n, char **p, const i64 *s)
{
    const f64 x2 = *(const f64 *)p[2]; /* r9 */
    f64 b0[512];
    f64 b1[512];
    for (i64 first = 0; first < n; first += 512) {
        const i64 m = n - first < 512 ? n - first : 512;
        const f64 *const a0 = gather_f64(b0, p[0] + first * s[0], s[0], m);
        const f64 *const a1 = gather_f64(b1, p[1] + first * s[1], s[1], m);
        f64 *const y0 = (f64 *)(p[3] + first * 8);
        f64 *const y1 = (f64 *)(p[4] + first * 8);
        INDEPENDENT
        for (i64 i = 0; i < m; i++) {
            const f64 x0 = a0[i]; /* r0 */
            const f64 x1 = a1[i]; /* r1 */
            /* FILE:7 */
            const f64 r10 = x0 * x2;
            const f64 r11 = r10 + x1;
            y0[i] = r10;
            y1[i] = r11;
        }
    }
}

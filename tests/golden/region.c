
GATHER(f32)
GATHER(f64)
GATHER(u8)

void kernel(i64 n, char **p, const i64 *s)
{
    const f64 x3 = *(const f64 *)p[3]; /* r4 */
    const f64 x4 = *(const f64 *)p[4]; /* r7 */
    f64 b0[512];
    f32 b1[512];
    u8 b2[512];
    for (i64 first = 0; first < n; first += 512) {
        const i64 m = n - first < 512 ? n - first : 512;
        const f64 *const a0 = gather_f64(b0, p[0] + first * s[0], s[0], m);
        const f32 *const a1 = gather_f32(b1, p[1] + first * s[1], s[1], m);
        const u8 *const a2 = gather_u8(b2, p[2] + first * s[2], s[2], m);
        u8 *const y0 = (u8 *)(p[5] + first * 1);
        INDEPENDENT
        for (i64 i = 0; i < m; i++) {
            const f64 x0 = a0[i]; /* r0 */
            const f32 x1 = a1[i]; /* r1 */
            const u8 x2 = a2[i] != 0; /* r2 */
            const f64 r3 = x0 * (f64)x1;
            const f64 r5 = r3 + x3;
            const f64 r6 = x2 ? r5 : x0;
            const u8 r8 = r6 > x4;
            y0[i] = r8;
        }
    }
}

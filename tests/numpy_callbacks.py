"""Calls of libraries that are no ops, which become call-backs: part of the table of tests/test_numpy_api.py."""

import math

import scipy.fft
import scipy.integrate
import scipy.interpolate
import scipy.linalg
import scipy.ndimage
import scipy.optimize
import scipy.signal
import scipy.spatial.distance
import scipy.special
import scipy.stats

from tests.numpy_harness import SPACE, calls

SPACE.update(math=math, scipy=scipy)

SPECIAL = """
scipy.special.erf(v)  scipy.special.erfc(v)  scipy.special.gamma(v)  scipy.special.gammaln(v)  scipy.special.beta(v, w)  scipy.special.expit(m)  scipy.special.logit(v)  scipy.special.logsumexp(v)  scipy.special.logsumexp(m, axis=1)  scipy.special.softmax(m, axis=0)  scipy.special.log_softmax(v)  scipy.special.xlogy(v, w)  scipy.special.jv(0, v)  scipy.special.iv(1, v)  scipy.special.comb(5, i)  scipy.special.factorial(abs(i))  scipy.special.digamma(v)  scipy.special.zeta(v, 2)  scipy.special.erf(s)  scipy.special.erf(f)  scipy.special.erf(z)  scipy.special.expm1(v)  scipy.special.xlogy(s, f)  scipy.special.ndtr(v)  scipy.special.erfinv(v)  scipy.special.binom(4, v)  scipy.special.comb(5, n, exact=True)  scipy.special.sph_harm_y(0, 0, v, w)  scipy.special.erf(v, out=w)
scipy.stats.norm.pdf(v)  scipy.stats.norm.cdf(v)  scipy.stats.rankdata(v)  scipy.stats.zscore(v)
math.comb(5, n)  math.perm(5, n)  math.factorial(n)  math.isclose(f, 1.0)  math.dist([f, 1], [0, n])  math.fsum(v)  math.prod(v)  math.sin(f)  math.sqrt(f)  math.hypot(f, 3, n)  math.log(f, 2)  math.gcd(n, 6)  math.lcm(n, 4)  math.floor(f)  math.trunc(f)  math.isnan(f)  math.atan2(f, 1)  math.exp(s)  math.nextafter(f, 1.0)  math.ulp(f)  math.frexp(f)  math.modf(f)  math.ldexp(f, n)  math.degrees(f)  math.copysign(f, -1.0)  math.log(n)  math.pow(f, n)  math.isqrt(n)  math.fmod(f, 2)  math.cosh(z)
"""
LINEAR = """
scipy.linalg.inv(q)  scipy.linalg.det(q)  scipy.linalg.solve(q, r)  scipy.linalg.cholesky(q)  scipy.linalg.cholesky(q, lower=True)  scipy.linalg.lu(q)  scipy.linalg.lu_factor(q)  scipy.linalg.qr(q)  scipy.linalg.svdvals(q)  scipy.linalg.eigvalsh(q)  scipy.linalg.expm(q / 10)  scipy.linalg.norm(m)  scipy.linalg.toeplitz(v)  scipy.linalg.block_diag(m, k)  scipy.linalg.solve_triangular(np.triu(q), r)  scipy.linalg.pinv(q)  scipy.linalg.null_space(q)  scipy.linalg.hankel(v)  scipy.linalg.circulant(v)
scipy.linalg.solve(q, r, overwrite_b=True) #! overwrite
"""
IMAGES = """
scipy.ndimage.gaussian_filter(m, 1)  scipy.ndimage.convolve(m, k[:2, :2])  scipy.ndimage.uniform_filter(m, 3)  scipy.ndimage.median_filter(m, 3)  scipy.ndimage.label(g)  scipy.ndimage.shift(m, 1)  scipy.ndimage.zoom(m, 2, order=1)  scipy.ndimage.distance_transform_edt(g)  scipy.ndimage.maximum_filter(m, 3)  scipy.ndimage.binary_dilation(g)  scipy.ndimage.center_of_mass(abs(m))  scipy.ndimage.map_coordinates(m, [[0, 1], [1, 0]], order=1)  scipy.ndimage.convolve1d(v, [1, 2, 1])  scipy.ndimage.sobel(m)  scipy.ndimage.laplace(m)
scipy.ndimage.gaussian_filter(m, 1, output=k) #! writes to its arguments
"""
SIGNALS = """
scipy.signal.convolve(v, w)  scipy.signal.fftconvolve(v, w)  scipy.signal.lfilter([1.0, 0.5], [1.0], v)  scipy.signal.medfilt(v, 3)  scipy.signal.detrend(v)  scipy.signal.find_peaks(v) #! find_peaks returns
scipy.signal.savgol_filter(v, 3, 1)  scipy.signal.correlate(v, w)  scipy.signal.convolve2d(m, k)  scipy.signal.hilbert(v)  scipy.signal.resample(v, 4)  scipy.signal.windows.hann(n + 2)  scipy.signal.decimate(v, 2)
scipy.fft.fft(v)  scipy.fft.rfft(v)  scipy.fft.dct(v)  scipy.fft.dctn(m)  scipy.fft.ifft2(m)  scipy.fft.fftshift(v)  scipy.fft.next_fast_len(n + 3)
scipy.integrate.trapezoid(v)  scipy.integrate.cumulative_trapezoid(v)  scipy.integrate.simpson(v)  scipy.interpolate.interp1d([0, 1], [f, 2])(0.5) if 0 else 1  scipy.spatial.distance.cdist(m, k)  scipy.spatial.distance.pdist(m)  scipy.spatial.distance.euclidean(v, w)
"""
CALLBACKS = [
    *calls("REAL", SPECIAL), *calls("FLOAT", LINEAR, rtol=1e-4), *calls("FLOAT", IMAGES), *calls("FLOAT", SIGNALS, rtol=1e-5),
]  # fmt: skip

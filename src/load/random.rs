//! Random numbers that a seed repeats on every machine: xoshiro256++ with its state drawn by splitmix64.
//!
//! Source: Blackman and Vigna, "Scrambled linear pseudorandom number generators".

/// A stream of random numbers. The same seed gives the same ones.
#[derive(Clone, Debug)]
pub struct Random([u64; 4]);

impl Random {
    pub fn new(seed: u64) -> Random {
        let mut state = seed;
        Random([(); 4].map(|()| {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            mixed ^ (mixed >> 31)
        }))
    }

    pub fn bits(&mut self) -> u64 {
        let [a, b, c, d] = self.0;
        let drawn = a.wrapping_add(d).rotate_left(23).wrapping_add(a);
        let (c, d) = (c ^ a, d ^ b);
        self.0 = [a ^ d, b ^ c, c ^ (b << 17), d.rotate_left(45)];
        drawn
    }

    /// Even over `[0, 1)`.
    pub fn fraction(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Even over `0..bound`, and 0 for a bound of 0. The bias is below `bound / 2^64`.
    pub fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.bits()) * u128::from(bound)) >> 64) as u64
    }

    /// Exponential with mean 1: the gap between arrivals that know nothing of each other.
    pub fn exponential(&mut self) -> f64 {
        // 1 - fraction is never zero.
        -(1.0 - self.fraction()).ln()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_generator_is_met() {
        // By hand from the state 1, 2, 3, 4: rotl(1 + 4, 23) + 1, and the next after one step.
        let mut random = Random([1, 2, 3, 4]);
        assert_eq!(random.bits(), (5 << 23) + 1);
        assert_eq!(random.0, [1 ^ 4 ^ 2, 2 ^ 3 ^ 1, 3 ^ 1 ^ (2 << 17), (4u64 ^ 2).rotate_left(45)]);
        // splitmix64's first value of seed 0.
        assert_eq!(Random::new(0).0[0], 0xe220_a839_7b1d_cdaf);
    }

    #[test]
    fn moments_are_right_and_seeds_repeat() {
        let mut random = Random::new(7);
        let (mut even, mut gaps, mut squares) = (0.0, 0.0, 0.0);
        let n = 200_000;
        for _ in 0..n {
            even += random.fraction();
            let gap = random.exponential();
            gaps += gap;
            squares += gap * gap;
            assert!(random.below(6) < 6);
        }
        let n = f64::from(n);
        assert!((even / n - 0.5).abs() < 0.005, "{}", even / n);
        assert!((gaps / n - 1.0).abs() < 0.01, "{}", gaps / n);
        assert!((squares / n - 2.0).abs() < 0.05, "{}", squares / n);
        let (mut a, mut b, mut c) = (Random::new(9), Random::new(9), Random::new(10));
        let drawn = |random: &mut Random| [(); 8].map(|()| random.bits());
        let first = drawn(&mut a);
        assert_eq!(first, drawn(&mut b));
        assert_ne!(first, drawn(&mut c));
        assert_eq!(a.below(0), 0);
    }
}

//! Chance that can be told again.

/// Numbers from a seed (`SplitMix64`): the same on every machine, unlike a library's generator that
/// may change under us.
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// From 0 to below 1, in steps that a float holds exactly.
    pub fn unit(&mut self) -> f32 {
        (self.draw() >> 40) as f32 / (1_u32 << 24) as f32
    }

    pub fn between(&mut self, least: f32, most: f32) -> f32 {
        least + (most - least) * self.unit()
    }

    pub fn sign(&mut self) -> f32 {
        if self.draw() >> 63 == 0 { 1.0 } else { -1.0 }
    }

    /// About normal, with deviation 1: the sum of four even ones.
    pub fn noise(&mut self) -> f32 {
        let sum: f32 = (0..4).map(|_| self.unit() - 0.5).sum();
        sum * 1.732
    }
}

//! Guards' PINs.

/// A PIN that a stranger at the gate would not try first.
pub fn is_fair(pin: &str) -> bool {
    let digits: Vec<i16> =
        pin.chars().filter_map(|c| c.to_digit(10)).filter_map(|d| i16::try_from(d).ok()).collect();
    if digits.len() != pin.chars().count() || !(6..=8).contains(&digits.len()) {
        return false;
    }
    let steps: Vec<i16> = digits.iter().zip(digits.iter().skip(1)).map(|(a, b)| b - a).collect();
    ![-1, 0, 1].iter().any(|step| steps.iter().all(|s| s == step))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pin_that_anybody_would_try_is_refused() {
        for plain in ["123456", "654321", "000000", "11111111", "12345", "123456789", "12a456", ""]
        {
            assert!(!is_fair(plain), "{plain}");
        }
        for fair in ["482913", "20191231"] {
            assert!(is_fair(fair), "{fair}");
        }
    }
}

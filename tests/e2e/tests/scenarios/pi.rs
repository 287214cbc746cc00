//! The digits of pi, reckoned apart from the Job that prints them.

/// So many decimals of pi, without rounding: `3.14159…`.
///
/// By the spigot of Rabinowitz and Wagon, which needs no large numbers.
pub fn digits(decimals: usize) -> String {
    let count = decimals + 10;
    let mut terms = vec![2_u64; count * 10 / 3 + 1];
    let mut digits: Vec<u64> = Vec::with_capacity(count);
    for _ in 0..count {
        let mut carry = 0;
        for index in (0..terms.len()).rev() {
            let place = index as u64;
            let value = terms[index] * 10 + carry;
            let divisor = if index == 0 { 10 } else { 2 * place + 1 };
            terms[index] = value % divisor;
            carry = value / divisor * if index == 0 { 1 } else { place };
        }
        digits.push(carry);
    }
    carry_over(&mut digits);
    let text: String = digits.iter().map(u64::to_string).collect();
    format!("{}.{}", &text[..1], &text[1..=decimals])
}

/// A digit may come out as ten.
fn carry_over(digits: &mut [u64]) {
    for index in (1..digits.len()).rev() {
        digits[index - 1] += digits[index] / 10;
        digits[index] %= 10;
    }
}

#[test]
fn the_first_digits_are_those_that_everybody_knows() {
    assert_eq!(digits(20), "3.14159265358979323846");
    assert!(digits(1000).ends_with("4201989"));
}

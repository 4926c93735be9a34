//! Single-byte code pages that WHATWG left out: DOS and the Macintosh.
//!
//! The tables are the vendors' mappings as Unicode publishes them
//! (<https://www.unicode.org/Public/MAPPINGS/VENDORS/>), checked against CPython's codecs.

/// One code page: what the bytes from 0x80 on mean; those below are ASCII.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct CodePage {
    /// Its usual name (IANA where it has one).
    pub(super) name: &'static str,
    /// The labels it is declared by, in lower case, separated by spaces.
    labels: &'static str,
    /// 128 characters; U+FFFD where the page has none.
    upper_half: &'static str,
}

impl CodePage {
    /// The page declared by a label in lower case.
    pub(super) fn for_label(label: &str) -> Option<&'static Self> {
        CODE_PAGES.iter().find(|page| page.labels.split(' ').any(|known| known == label))
    }

    /// What each byte from 0x80 on means.
    pub(super) fn upper_half(&self) -> [char; 128] {
        let mut characters = [char::REPLACEMENT_CHARACTER; 128];
        for (slot, character) in characters.iter_mut().zip(self.upper_half.chars()) {
            *slot = character;
        }
        characters
    }

    pub(super) fn decode(&self, bytes: &[u8]) -> String {
        let upper_half = self.upper_half();
        let character = |byte: &u8| match byte.checked_sub(0x80) {
            Some(index) => upper_half[usize::from(index)],
            None => char::from(*byte),
        };
        bytes.iter().map(character).collect()
    }
}

/// DOS Cyrillic.
pub(super) static IBM855: &CodePage = &CODE_PAGES[0];

static CODE_PAGES: [CodePage; 11] = [
    CodePage {
        name: "IBM855",
        labels: "855 cp855 ibm855 csibm855",
        upper_half: "\
        ђЂѓЃёЁєЄѕЅіІїЇјЈљЉњЊћЋќЌўЎџЏюЮъЪ\
        аАбБцЦдДеЕфФгГ«»░▒▓│┤хХиИ╣║╗╝йЙ┐\
        └┴┬├─┼кК╚╔╩╦╠═╬¤лЛмМнНоОп┘┌█▄Пя▀\
        ЯрРсСтТуУжЖвВьЬ№\u{ad}ыЫзЗшШэЭщЩчЧ§■\u{a0}",
    },
    CodePage {
        name: "IBM437",
        labels: "437 cp437 ibm437 cspc8codepage437",
        upper_half: "\
        ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒ\
        áíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐\
        └┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀\
        αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{a0}",
    },
    CodePage {
        name: "IBM737",
        labels: "737 cp737 ibm737",
        upper_half: "\
        ΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩαβγδεζηθ\
        ικλμνξοπρσςτυφχψ░▒▓│┤╡╢╖╕╣║╗╝╜╛┐\
        └┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀\
        ωάέήϊίόύϋώΆΈΉΊΌΎΏ±≥≤ΪΫ÷≈°∙·√ⁿ²■\u{a0}",
    },
    CodePage {
        name: "IBM775",
        labels: "775 cp775 ibm775 cspc775baltic",
        upper_half: "\
        ĆüéāäģåćłēŖŗīŹÄÅÉæÆōöĢ¢ŚśÖÜø£Ø×¤\
        ĀĪóŻżź”¦©®¬½¼Ł«»░▒▓│┤ĄČĘĖ╣║╗╝ĮŠ┐\
        └┴┬├─┼ŲŪ╚╔╩╦╠═╬Žąčęėįšųūž┘┌█▄▌▐▀\
        ÓßŌŃõÕµńĶķĻļņĒŅ’\u{ad}±“¾¶§÷„°∙·¹³²■\u{a0}",
    },
    CodePage {
        name: "IBM850",
        labels: "850 cp850 ibm850 cspc850multilingual",
        upper_half: "\
        ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜø£Ø×ƒ\
        áíóúñÑªº¿®¬½¼¡«»░▒▓│┤ÁÂÀ©╣║╗╝¢¥┐\
        └┴┬├─┼ãÃ╚╔╩╦╠═╬¤ðÐÊËÈıÍÎÏ┘┌█▄¦Ì▀\
        ÓßÔÒõÕµþÞÚÛÙýÝ¯´\u{ad}±‗¾¶§÷¸°¨·¹³²■\u{a0}",
    },
    CodePage {
        name: "IBM852",
        labels: "852 cp852 ibm852 cspcp852",
        upper_half: "\
        ÇüéâäůćçłëŐőîŹÄĆÉĹĺôöĽľŚśÖÜŤťŁ×č\
        áíóúĄąŽžĘę¬źČş«»░▒▓│┤ÁÂĚŞ╣║╗╝Żż┐\
        └┴┬├─┼Ăă╚╔╩╦╠═╬¤đĐĎËďŇÍÎě┘┌█▄ŢŮ▀\
        ÓßÔŃńňŠšŔÚŕŰýÝţ´\u{ad}˝˛ˇ˘§÷¸°¨˙űŘř■\u{a0}",
    },
    CodePage {
        name: "IBM857",
        labels: "857 cp857 ibm857 csibm857",
        upper_half: "\
        ÇüéâäàåçêëèïîıÄÅÉæÆôöòûùİÖÜø£ØŞş\
        áíóúñÑĞğ¿®¬½¼¡«»░▒▓│┤ÁÂÀ©╣║╗╝¢¥┐\
        └┴┬├─┼ãÃ╚╔╩╦╠═╬¤ºªÊËÈ\u{fffd}ÍÎÏ┘┌█▄¦Ì▀\
        ÓßÔÒõÕµ\u{fffd}×ÚÛÙìÿ¯´\u{ad}±\u{fffd}¾¶§÷¸°¨·¹³²■\u{a0}",
    },
    CodePage {
        name: "IBM862",
        labels: "862 cp862 ibm862 cspc862latinhebrew",
        upper_half: "\
        אבגדהוזחטיךכלםמןנסעףפץצקרשת¢£¥₧ƒ\
        áíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐\
        └┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀\
        αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{a0}",
    },
    CodePage {
        name: "x-mac-ce",
        labels: "maccentraleurope mac-centraleurope maclatin2 x-mac-ce x-mac-centraleurroman",
        upper_half: "\
        ÄĀāÉĄÖÜáąČäčĆćéŹźĎíďĒēĖóėôöõúĚěü\
        †°Ę£§•¶ß®©™ę¨≠ģĮįĪ≤≥īĶ∂∑łĻļĽľĹĺŅ\
        ņŃ¬√ńŇ∆«»…\u{a0}ňŐÕőŌ–—“”‘’÷◊ōŔŕŘ‹›řŖ\
        ŗŠ‚„šŚśÁŤťÍŽžŪÓÔūŮÚůŰűŲųÝýķŻŁżĢˇ",
    },
    CodePage {
        name: "x-mac-greek",
        labels: "macgreek mac-greek x-mac-greek",
        upper_half: "\
        Ä¹²É³ÖÜ΅àâä΄¨çéèêë£™îï•½‰ôö¦€ùûü\
        †ΓΔΘΛΞΠß®©ΣΪ§≠°·Α±≤≥¥ΒΕΖΗΙΚΜΦΫΨΩ\
        άΝ¬ΟΡ≈Τ«»…\u{a0}ΥΧΆΈœ–―“”‘’÷ΉΊΌΎέήίόΏ\
        ύαβψδεφγηιξκλμνοπώρστθωςχυζϊϋΐΰ\u{ad}",
    },
    CodePage {
        name: "x-mac-turkish",
        labels: "macturkish mac-turkish x-mac-turkish",
        upper_half: "\
        ÄÅÇÉÑÖÜáàâäãåçéèêëíìîïñóòôöõúùûü\
        †°¢£§•¶ß®©™´¨≠ÆØ∞±≤≥¥µ∂∑∏π∫ªºΩæø\
        ¿¡¬√ƒ≈∆«»…\u{a0}ÀÃÕŒœ–—“”‘’÷◊ÿŸĞğİıŞş\
        ‡·‚„‰ÂÊÁËÈÍÎÏÌÓÔ\u{f8ff}ÒÚÛÙ\u{f8a0}ˆ˜¯˘˙˚¸˝˛ˇ",
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_gives_each_byte_one_meaning() {
        for page in &CODE_PAGES {
            assert_eq!(page.upper_half.chars().count(), 128, "{}", page.name);
            let mut known: Vec<char> =
                page.upper_half.chars().filter(|c| *c != '\u{fffd}').collect();
            known.sort_unstable();
            known.dedup();
            assert!(known.len() >= 120, "{}", page.name);
        }
    }

    #[test]
    fn a_page_is_found_by_any_of_its_labels() {
        assert_eq!(CodePage::for_label("ibm855"), Some(IBM855));
        assert_eq!(CodePage::for_label("cp855"), Some(IBM855));
        assert_eq!(CodePage::for_label("utf-8"), None);
        let polish = CodePage::for_label("cp852").map(|page| page.decode(b"\x88\xa2\xab"));
        assert_eq!(polish.as_deref(), Some("łóź"));
    }
}

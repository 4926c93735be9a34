// Sets the chosen theme before the first paint; the policy allows no inline script, so it is a file.
try {
  var theme = localStorage.getItem('autoglm.theme');
  if (theme === '"light"') document.documentElement.dataset.theme = 'light';
  if (theme === '"dark"') document.documentElement.dataset.theme = 'dark';
} catch (refused) {
  // Storage is switched off: the system's theme holds.
}

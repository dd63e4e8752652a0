(()=>{console.debug("embed-form.js?v=2ee50807020b");})();
